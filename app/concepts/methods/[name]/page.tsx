import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { Document } from '@/app/_components/docs/document';
import { parseMarkdown } from '@/app/_lib/markdown';

export const metadata: Metadata = { title: 'Method' };
export const dynamic = 'force-static';
/** Every page of docs/methods there is, and no other. */
export const dynamicParams = false;

const folder = (): string => join(process.cwd(), 'docs/methods');

export async function generateStaticParams() {
  const names = (await readdir(folder())).filter((name) => name.endsWith('.md') && name !== 'README.md');
  return names.map((name) => ({ name: name.slice(0, -'.md'.length) }));
}

export default async function Page(props: { params: Promise<{ name: string }> }) {
  const { name } = await props.params;
  if (!/^[a-z0-9-]+$/.test(name)) notFound();
  return <Document blocks={parseMarkdown(await readFile(join(folder(), `${name}.md`), 'utf8'))} />;
}
