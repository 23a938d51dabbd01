import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Metadata } from 'next';
import { Document } from '@/app/_components/docs/document';
import { parseMarkdown } from '@/app/_lib/markdown';

export const metadata: Metadata = { title: 'Concepts' };
/** The page is docs/concepts.md, read when the dashboard is built. */
export const dynamic = 'force-static';

export default async function Page() {
  return <Document blocks={parseMarkdown(await readFile(join(process.cwd(), 'docs/concepts.md'), 'utf8'))} />;
}
