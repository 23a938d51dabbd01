import type { Metadata } from 'next';
import { PairPage } from '@/app/_components/pair/pair-page';

type Params = { params: Promise<{ id: string; source: string; target: string }> };

export async function generateMetadata({ params }: Params): Promise<Metadata> {
  const { source, target } = await params;
  return { title: `${decodeURIComponent(source)} to ${decodeURIComponent(target)}` };
}

export default async function Page(props: Params) {
  const { id, source, target } = await props.params;
  return (
    <PairPage
      id={decodeURIComponent(id)}
      source={decodeURIComponent(source)}
      target={decodeURIComponent(target)}
    />
  );
}
