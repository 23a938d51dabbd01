import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Metadata } from 'next';
import { Document } from '@/app/_components/docs/document';
import { parseMarkdown } from '@/app/_lib/markdown';

export const metadata: Metadata = { title: 'Ways to transfer' };
export const dynamic = 'force-static';

export default async function Page() {
  const text = await readFile(join(process.cwd(), 'docs/methods/README.md'), 'utf8');
  return <Document blocks={parseMarkdown(text)} />;
}
