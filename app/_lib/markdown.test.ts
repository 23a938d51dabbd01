import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Block, docsHref, type Inline, parseInline, parseMarkdown, plainText } from './markdown';

const docs = join(import.meta.dirname, '../../docs');
const read = (name: string): Block[] => parseMarkdown(readFileSync(join(docs, name), 'utf8'));

describe('inline parts', () => {
  it('are code, strong, emphasis and links, one inside the other', () => {
    expect(parseInline('a `b*c*` **d *e*** [f](g.md)')).toEqual([
      { kind: 'text', text: 'a ' },
      { kind: 'code', text: 'b*c*' },
      { kind: 'text', text: ' ' },
      {
        kind: 'strong',
        children: [
          { kind: 'text', text: 'd ' },
          { kind: 'emphasis', children: [{ kind: 'text', text: 'e' }] },
        ],
      },
      { kind: 'text', text: ' ' },
      { kind: 'link', href: 'g.md', children: [{ kind: 'text', text: 'f' }] },
    ]);
  });

  it('leave a lone star alone', () => {
    expect(parseInline('2 * 3 * 4')).toEqual([{ kind: 'text', text: '2 * 3 * 4' }]);
  });
});

describe('blocks', () => {
  it('are headings with their anchors, joined lines, lists, tables and code', () => {
    const blocks = parseMarkdown(
      '# Self-training, told apart\n\none\ntwo\n- a\n  goes on\n- b\n\n| x | y |\n|---|---|\n| `1` | 2 |\n\n```yaml\nkey: [1]\n```\nend',
    );
    expect(blocks.map((b) => b.kind)).toEqual(['heading', 'paragraph', 'list', 'table', 'code', 'paragraph']);
    expect(blocks[0]).toMatchObject({ level: 1, id: 'self-training-told-apart' });
    expect(blocks[1]).toMatchObject({ children: [{ text: 'one two' }] });
    expect(blocks[2]).toMatchObject({ items: [[{ text: 'a goes on' }], [{ text: 'b' }]] });
    expect(blocks[3]).toMatchObject({ rows: [[[{ kind: 'code', text: '1' }], [{ text: '2' }]]] });
    expect(blocks[4]).toMatchObject({ text: 'key: [1]' });
  });
});

describe('links of documents', () => {
  it.each([
    ['methods/features.md', '/concepts/methods/features'],
    ['features.md', '/concepts/methods/features'],
    ['methods/README.md', '/concepts/methods'],
    ['../concepts.md#fine-tuning', '/concepts#fine-tuning'],
    ['../datasets.md#two-domains', null],
    ['/sweeps/latest', '/sweeps/latest'],
  ])('%s leads to %s', (href, to) => {
    expect(docsHref(href)).toBe(to);
  });
});

describe('the map of concepts', () => {
  const blocks = read('concepts.md');
  const headings = blocks.flatMap((b) => (b.kind === 'heading' ? [plainText(b.children)] : []));

  it('covers the field', () => {
    for (const idea of [
      'Pre-training',
      'Bottleneck feature and affine layer',
      'Fine-tuning',
      'The four regimes',
      'Knowledge distillation',
      'Born-Again Networks',
      'Self-supervision and self-training, told apart',
      'Meta-learning',
      'Multi-task learning',
      'Domain adaptation',
    ])
      expect(headings).toContain(idea);
  });

  it('says for every idea where it can be tried', () => {
    const sections = readFileSync(join(docs, 'concepts.md'), 'utf8').split('\n## ').slice(1);
    for (const section of sections) expect(section, section.split('\n')[0]).toContain('Try: ');
  });
});

it('every document that the map and the pages of methods link to exists', () => {
  const pages = readdirSync(join(docs, 'methods')).filter((name) => name.endsWith('.md'));
  for (const page of ['concepts.md', ...pages.map((name) => `methods/${name}`)]) {
    const text = readFileSync(join(docs, page), 'utf8');
    for (const [, href = ''] of text.matchAll(/\]\(([^)#]+\.(?:md|png))[^)]*\)/g))
      expect(existsSync(join(docs, page, '..', href)), `${page} → ${href}`).toBe(true);
  }
});

it('every page of a method is shown as it is written: no mark of Markdown is left in its text', () => {
  const pages = readdirSync(join(docs, 'methods')).filter((name) => name.endsWith('.md'));
  expect(pages.length).toBeGreaterThan(8);
  const inlines = (block: Block): Inline[][] =>
    block.kind === 'list'
      ? block.items
      : block.kind === 'table'
        ? [...block.head, ...block.rows.flat()]
        : block.kind === 'code'
          ? []
          : [block.children];
  const texts = (nodes: readonly Inline[]): string[] =>
    nodes.flatMap((n) => (n.kind === 'text' ? [n.text] : n.kind === 'code' ? [] : texts(n.children)));
  for (const page of [...pages.map((name) => `methods/${name}`), 'concepts.md']) {
    for (const text of read(page).flatMap(inlines).flatMap(texts))
      expect(text, page).not.toMatch(/\*\*|`|\]\(/);
  }
});
