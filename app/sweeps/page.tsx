import type { Metadata } from 'next';
import { SweepsPage } from '@/app/_components/sweeps/sweeps-page';

export const metadata: Metadata = { title: 'All sweeps' };

export default function Page() {
  return <SweepsPage />;
}
