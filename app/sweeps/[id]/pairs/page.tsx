import type { Metadata } from 'next';
import { PairsPage } from '@/app/_components/pair/pairs-page';

export const metadata: Metadata = { title: 'Pairs' };

export default async function Page(props: { params: Promise<{ id: string }> }) {
  const { id } = await props.params;
  return <PairsPage id={decodeURIComponent(id)} />;
}
