import type { Metadata } from 'next';
import { AgreementPage } from '@/app/_components/evidence/agreement-page';

export const metadata: Metadata = { title: 'Agreement' };

export default async function Page(props: { params: Promise<{ id: string }> }) {
  const { id } = await props.params;
  return <AgreementPage id={decodeURIComponent(id)} />;
}
