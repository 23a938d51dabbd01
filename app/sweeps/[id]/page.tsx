import type { Metadata } from 'next';
import { Overview } from '@/app/_components/matrix/overview';

export const metadata: Metadata = { title: 'Overview' };

export default async function Page(props: { params: Promise<{ id: string }> }) {
  const { id } = await props.params;
  return <Overview id={decodeURIComponent(id)} />;
}
