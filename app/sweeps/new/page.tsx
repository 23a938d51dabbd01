import type { Metadata } from 'next';
import { NewSweepPage } from '@/app/_components/sweeps/new-sweep-page';

export const metadata: Metadata = { title: 'New sweep' };

export default function Page() {
  return <NewSweepPage />;
}
