import type { Metadata } from 'next';
import { ValidityPage } from '@/app/_components/evidence/validity-page';

export const metadata: Metadata = { title: 'Validity' };

export default async function Page(props: { params: Promise<{ id: string }> }) {
  const { id } = await props.params;
  return <ValidityPage id={decodeURIComponent(id)} />;
}
