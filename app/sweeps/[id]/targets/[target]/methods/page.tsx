import type { Metadata } from 'next';
import { MethodsPage } from '@/app/_components/methods/methods-page';

export const metadata: Metadata = { title: 'Ways to transfer' };

export default async function Page(props: { params: Promise<{ id: string; target: string }> }) {
  const { id, target } = await props.params;
  return <MethodsPage id={decodeURIComponent(id)} target={decodeURIComponent(target)} />;
}
