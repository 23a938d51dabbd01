import type { Metadata } from 'next';
import { MethodsPage } from '@/app/_components/methods/methods-page';

type Params = { params: Promise<{ id: string; target: string }> };

export async function generateMetadata({ params }: Params): Promise<Metadata> {
  return { title: `${decodeURIComponent((await params).target)}, ways to transfer` };
}

export default async function Page(props: Params) {
  const { id, target } = await props.params;
  return <MethodsPage id={decodeURIComponent(id)} target={decodeURIComponent(target)} />;
}
