import type { Metadata } from 'next';
import { TargetsPage } from '@/app/_components/target/targets-page';

export const metadata: Metadata = { title: 'Targets' };

export default async function Page(props: { params: Promise<{ id: string }> }) {
  const { id } = await props.params;
  return <TargetsPage id={decodeURIComponent(id)} />;
}
