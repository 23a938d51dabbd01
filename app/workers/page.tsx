import type { Metadata } from 'next';
import { WorkersPage } from '@/app/_components/sweeps/workers-page';

export const metadata: Metadata = { title: 'Workers' };

export default function Page() {
  return <WorkersPage />;
}
