import Link from 'next/link';
import { Fragment, type ReactNode } from 'react';
import { type Block, docsHref, type Inline } from '@/app/_lib/markdown';

/** A document of the project as a page: code that is an address of the dashboard leads there. */
export function Document({ blocks }: { blocks: readonly Block[] }) {
  return (
    <article className="max-w-[720px] pb-10">
      {blocks.map((block, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a document does not change while it is shown
        <Fragment key={i}>{blockNode(block)}</Fragment>
      ))}
    </article>
  );
}

function blockNode(block: Block): ReactNode {
  switch (block.kind) {
    case 'heading':
      return <Heading block={block} />;
    case 'paragraph':
      return <p className="mt-2 text-pretty">{inlineNodes(block.children)}</p>;
    case 'list':
      return (
        <ul className="mt-2 flex list-disc flex-col gap-1 pl-5">
          {block.items.map((item, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: as above
            <li key={i}>{inlineNodes(item)}</li>
          ))}
        </ul>
      );
    case 'table':
      return <DocumentTable block={block} />;
    case 'code':
      return (
        <pre className="mt-2 overflow-x-auto rounded-control border border-line bg-panel p-3 font-mono text-[11.5px] leading-relaxed">
          {block.text}
        </pre>
      );
  }
}

function Heading({ block }: { block: Extract<Block, { kind: 'heading' }> }) {
  const inside = inlineNodes(block.children);
  if (block.level === 1) {
    return <h1 className="font-semibold font-serif text-title leading-tight phone:text-[22px]">{inside}</h1>;
  }
  return (
    <h2 id={block.id} className="mt-6 scroll-mt-4 font-semibold font-serif text-object">
      <a href={`#${block.id}`} className="hover:underline">
        {inside}
      </a>
    </h2>
  );
}

function DocumentTable({ block: { head, rows } }: { block: Extract<Block, { kind: 'table' }> }) {
  return (
    <div className="relative mt-2 overflow-x-auto">
      <table className="table">
        <thead>
          <tr>
            {head.map((cell, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: as above
              <th key={i} scope="col">
                {inlineNodes(cell)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: as above
            <tr key={i}>
              {row.map((cell, j) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: as above
                <td key={j}>{inlineNodes(cell)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const inlineNodes = (nodes: readonly Inline[]): ReactNode =>
  // biome-ignore lint/suspicious/noArrayIndexKey: as above
  nodes.map((node, i) => <Fragment key={i}>{inlineNode(node)}</Fragment>);

const CODE = 'font-mono text-[12px]';

function inlineNode(node: Inline): ReactNode {
  switch (node.kind) {
    case 'text':
      return node.text;
    case 'strong':
      return <strong className="font-semibold">{inlineNodes(node.children)}</strong>;
    case 'emphasis':
      return <em>{inlineNodes(node.children)}</em>;
    case 'code':
      return /^\/[a-z]/.test(node.text) ? (
        <Link className={`link ${CODE}`} href={node.text}>
          {node.text}
        </Link>
      ) : (
        <code className={CODE}>{node.text}</code>
      );
    case 'link': {
      const href = docsHref(node.href);
      const inside = inlineNodes(node.children);
      if (href === null) return <span title={`docs/${node.href.replace(/^(\.\.?\/)+/, '')}`}>{inside}</span>;
      return href.startsWith('/') ? (
        <Link className="link" href={href}>
          {inside}
        </Link>
      ) : (
        <a className="link" href={href}>
          {inside}
        </a>
      );
    }
  }
}
