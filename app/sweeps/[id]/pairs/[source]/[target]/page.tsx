import type { Metadata } from 'next';
import { PairPage } from '@/app/_components/pair/pair-page';

export const metadata: Metadata = { title: 'Pair' };

export default async function Page(props: {
  params: Promise<{ id: string; source: string; target: string }>;
}) {
  const { id, source, target } = await props.params;
  return (
    <PairPage
      id={decodeURIComponent(id)}
      source={decodeURIComponent(source)}
      target={decodeURIComponent(target)}
    />
  );
}
