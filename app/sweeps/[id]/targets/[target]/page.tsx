import type { Metadata } from 'next';
import { TargetPage } from '@/app/_components/target/target-page';

type Params = { params: Promise<{ id: string; target: string }> };

export async function generateMetadata({ params }: Params): Promise<Metadata> {
  return { title: `${decodeURIComponent((await params).target)}, target` };
}

export default async function Page(props: Params) {
  const { id, target } = await props.params;
  return <TargetPage id={decodeURIComponent(id)} target={decodeURIComponent(target)} />;
}
