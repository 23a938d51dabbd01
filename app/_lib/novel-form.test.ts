import { describe, expect, it } from 'vitest';
import type { TaskView } from '@/lib/service/contracts';
import { novelBody, novelTasks } from './novel-form';

const task = (id: string, target = true): TaskView => ({
  id,
  name: id,
  family: 'geometry',
  summary: '',
  source: true,
  target,
  metric: null,
  labelCost: 1,
});

describe('a new target for stored sources', () => {
  it('leaves the images out when none are typed, and a wrong number to the server', () => {
    expect(novelBody('z-depth', ' ')).toEqual({ task: 'z-depth' });
    expect(novelBody('z-depth', '16')).toEqual({ task: 'z-depth', images: 16 });
    expect(novelBody('z-depth', 'few')).toEqual({ task: 'z-depth', images: 'few' });
  });
  it('is a task that can be a target and is none yet', () => {
    const all = [task('a'), task('b'), task('noise', false)];
    expect(novelTasks(all, ['a']).map(({ id }) => id)).toEqual(['b']);
  });
});
