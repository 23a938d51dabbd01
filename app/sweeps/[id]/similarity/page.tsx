import type { Metadata } from 'next';
import { SimilarityPage } from '@/app/_components/evidence/similarity-page';

export const metadata: Metadata = { title: 'Similarity tree' };

export default async function Page(props: { params: Promise<{ id: string }> }) {
  const { id } = await props.params;
  return <SimilarityPage id={decodeURIComponent(id)} />;
}
