import type { Metadata } from 'next';
import { RunsPage } from '@/app/_components/sweeps/runs-page';

export const metadata: Metadata = { title: 'Runs' };

export default async function Page(props: { params: Promise<{ id: string }> }) {
  const { id } = await props.params;
  return <RunsPage id={decodeURIComponent(id)} />;
}
