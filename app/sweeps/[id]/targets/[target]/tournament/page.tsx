import type { Metadata } from 'next';
import { TournamentPage } from '@/app/_components/evidence/tournament-page';

export const metadata: Metadata = { title: 'Tournament' };

export default async function Page(props: { params: Promise<{ id: string; target: string }> }) {
  const { id, target } = await props.params;
  return <TournamentPage id={decodeURIComponent(id)} target={decodeURIComponent(target)} />;
}
