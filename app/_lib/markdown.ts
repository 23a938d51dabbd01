/** As much of Markdown as the project's own documents use; anything else stays text. */

export type Inline =
  | { kind: 'text'; text: string }
  | { kind: 'code'; text: string }
  | { kind: 'strong' | 'emphasis'; children: Inline[] }
  | { kind: 'link'; href: string; children: Inline[] };

export type Block =
  | { kind: 'heading'; level: number; id: string; children: Inline[] }
  | { kind: 'paragraph'; children: Inline[] }
  | { kind: 'list'; items: Inline[][] }
  | { kind: 'table'; head: Inline[][]; rows: Inline[][][] }
  | { kind: 'code'; text: string };

const INLINE = /`([^`]+)`|\*\*(.+?)\*\*(?!\*)|\*([^*\s](?:[^*]*[^*\s])?)\*|!?\[([^\]]*)\]\(([^)\s]+)\)/;

/** Code, strong, emphasised and linked parts of a line; pictures become links. */
export function parseInline(text: string): Inline[] {
  const found = INLINE.exec(text);
  if (found === null) return text === '' ? [] : [{ kind: 'text', text }];
  const [whole, code, strong, emphasis, label, href] = found;
  const node: Inline =
    code !== undefined
      ? { kind: 'code', text: code }
      : strong !== undefined
        ? { kind: 'strong', children: parseInline(strong) }
        : emphasis !== undefined
          ? { kind: 'emphasis', children: parseInline(emphasis) }
          : { kind: 'link', href: href ?? '', children: parseInline(label ?? '') };
  const after = text.slice(found.index + whole.length);
  return [...parseInline(text.slice(0, found.index)), node, ...parseInline(after)];
}

export const plainText = (nodes: readonly Inline[]): string =>
  nodes.map((node) => ('text' in node ? node.text : plainText(node.children))).join('');

/** `Born-Again Trees` → `born-again-trees`, as GitHub names its headings. */
const slug = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s-]/gu, '')
    .trim()
    .replace(/\s/g, '-');

const cells = (line: string): Inline[][] =>
  line
    .trim()
    .replace(/^\||\|$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => parseInline(cell.trim().replaceAll('\\|', '|')));

/** The lines from the top that fit, and how many they are. */
function take(lines: readonly string[], fits: (line: string, i: number) => boolean): string[] {
  const end = lines.findIndex((line, i) => !fits(line, i));
  return lines.slice(0, end < 0 ? lines.length : end);
}

const isBlank = (line: string): boolean => line.trim() === '';
const starts = (line: string): boolean => /^(#{1,6} |```|\||[-*] )/.test(line);

/** The block at the top of the lines, and how many of them it took. */
function parseBlock(lines: readonly string[]): { block: Block; used: number } {
  const [first = ''] = lines;
  const heading = /^(#{1,6}) (.+)$/.exec(first);
  if (heading !== null) {
    const children = parseInline(heading[2] ?? '');
    const level = heading[1]?.length ?? 1;
    return { block: { kind: 'heading', level, id: slug(plainText(children)), children }, used: 1 };
  }
  if (first.startsWith('```')) {
    const inside = take(lines.slice(1), (line) => !line.startsWith('```'));
    return { block: { kind: 'code', text: inside.join('\n') }, used: inside.length + 2 };
  }
  if (first.startsWith('|')) {
    const table = take(lines, (line) => line.startsWith('|'));
    const [head = '', , ...rows] = table;
    return { block: { kind: 'table', head: cells(head), rows: rows.map(cells) }, used: table.length };
  }
  if (/^[-*] /.test(first)) {
    const list = take(lines, (line, i) => i === 0 || /^([-*] |\s+\S)/.test(line));
    const items: string[] = [];
    for (const line of list) {
      if (/^[-*] /.test(line)) items.push(line.slice(2).trim());
      else items.push(`${items.pop() ?? ''} ${line.trim()}`);
    }
    return { block: { kind: 'list', items: items.map(parseInline) }, used: list.length };
  }
  const text = take(lines, (line, i) => i === 0 || !(isBlank(line) || starts(line)));
  const joined = text.map((line) => line.trim()).join(' ');
  return { block: { kind: 'paragraph', children: parseInline(joined) }, used: text.length };
}

export function parseMarkdown(source: string): Block[] {
  const blocks: Block[] = [];
  let lines = source.split('\n');
  while (lines.length > 0) {
    if (isBlank(lines[0] ?? '')) {
      lines = lines.slice(1);
      continue;
    }
    const { block, used } = parseBlock(lines);
    blocks.push(block);
    lines = lines.slice(used);
  }
  return blocks;
}

/**
 * Where a document's link leads inside the dashboard: method pages and the map itself have pages here; other documents
 * lie in the clone and have none (null). Links outward stay.
 */
export function docsHref(href: string): string | null {
  if (/^(https?:|#|\/)/.test(href)) return href;
  const path = href.replace(/^(\.\.?\/)+/, '').replace(/#.*$/, '');
  const hash = /#.*$/.exec(href)?.[0] ?? '';
  if (path === 'concepts.md') return `/concepts${hash}`;
  if (path === 'methods/README.md' || path === 'README.md') return `/concepts/methods${hash}`;
  const method = /^(?:methods\/)?([a-z0-9-]+)\.md$/.exec(path)?.[1];
  return method !== undefined && !OTHER_DOCUMENTS.has(method) ? `/concepts/methods/${method}${hash}` : null;
}

/** Documents beside the methods, which have no page in the dashboard. */
const OTHER_DOCUMENTS: ReadonlySet<string> = new Set([
  'api',
  'datasets',
  'engine-native',
  'first-look',
  'paper-and-tool',
  'published-data',
  'rooms-26',
]);
