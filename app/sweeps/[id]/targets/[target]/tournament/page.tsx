import type { Metadata } from 'next';
import { TournamentPage } from '@/app/_components/evidence/tournament-page';

type Params = { params: Promise<{ id: string; target: string }> };

export async function generateMetadata({ params }: Params): Promise<Metadata> {
  return { title: `${decodeURIComponent((await params).target)}, tournament` };
}

export default async function Page(props: Params) {
  const { id, target } = await props.params;
  return <TournamentPage id={decodeURIComponent(id)} target={decodeURIComponent(target)} />;
}
