import Link from 'next/link';
import { Children, type ReactNode } from 'react';
import { type Block, docsHref, type Inline, plainText } from '@/app/_lib/markdown';

/** A document of the project as a page: code that is an address of the dashboard leads there. */
export function Document({ blocks }: { blocks: readonly Block[] }) {
  return <article className="max-w-[720px] pb-10">{each(blocks, blockNode)}</article>;
}

/** Nodes of a document keyed by their place: it does not change while it is shown. */
const each = <T,>(items: readonly T[], node: (item: T) => ReactNode): ReactNode =>
  Children.toArray(items.map((item) => node(item)));

const listItem = (children: readonly Inline[]): ReactNode => <li>{inlineNodes(children)}</li>;
const headCell = (children: readonly Inline[]): ReactNode =>
  children.length === 0 ? <td /> : <th scope="col">{inlineNodes(children)}</th>;
const bodyCell = (children: readonly Inline[]): ReactNode => <td>{inlineNodes(children)}</td>;
const bodyRow = (cells: readonly (readonly Inline[])[]): ReactNode => <tr>{each(cells, bodyCell)}</tr>;

function blockNode(block: Block): ReactNode {
  switch (block.kind) {
    case 'heading':
      return <Heading block={block} />;
    case 'paragraph':
      return <p className="mt-2 text-pretty">{inlineNodes(block.children)}</p>;
    case 'list':
      return <ul className="mt-2 flex list-disc flex-col gap-1 pl-5">{each(block.items, listItem)}</ul>;
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
      <table className="table" aria-label={head.map(plainText).filter(Boolean).join(', ')}>
        <thead>
          <tr>{each(head, headCell)}</tr>
        </thead>
        <tbody>{each(rows, bodyRow)}</tbody>
      </table>
    </div>
  );
}

const inlineNodes = (nodes: readonly Inline[]): ReactNode => each(nodes, inlineNode);

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
      return /^\/[a-z][^{]*$/.test(node.text) ? (
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
