import type { Metadata } from 'next';
import { GalleryPage } from '@/app/_components/evidence/gallery-page';

export const metadata: Metadata = { title: 'Gallery' };

export default async function Page(props: { params: Promise<{ id: string }> }) {
  const { id } = await props.params;
  return <GalleryPage id={decodeURIComponent(id)} />;
}
