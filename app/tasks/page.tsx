import type { Metadata } from 'next';
import { TasksPage } from '@/app/_components/sweeps/tasks-page';

export const metadata: Metadata = { title: 'Datasets and tasks' };

export default function Page() {
  return <TasksPage />;
}
