import type { Metadata } from 'next';
import { TargetPage } from '@/app/_components/target/target-page';

export const metadata: Metadata = { title: 'Target' };

export default async function Page(props: { params: Promise<{ id: string; target: string }> }) {
  const { id, target } = await props.params;
  return <TargetPage id={decodeURIComponent(id)} target={decodeURIComponent(target)} />;
}
