import type { Metadata } from 'next';
import { PolicyPage } from '@/app/_components/policy/policy-page';

export const metadata: Metadata = { title: 'Policy' };

export default async function Page(props: { params: Promise<{ id: string }> }) {
  const { id } = await props.params;
  return <PolicyPage id={decodeURIComponent(id)} />;
}
