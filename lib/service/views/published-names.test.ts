import { describe, expect, it } from 'vitest';
import { ROOMS_TASKS } from '@/lib/science/catalog/tasks-rooms';
import { PUBLISHED_IDS } from './published-names';

/** A task of ours that the paper's dictionary lacks. */
const OWN = ['rotation'];

describe('names of the published results', () => {
  it('are known for every task of the dictionary, each once', () => {
    const ours = ROOMS_TASKS.map((task) => task.id).filter((id) => !OWN.includes(id));
    expect(Object.keys(PUBLISHED_IDS).sort()).toEqual([...ours].sort());
    const theirs = Object.values(PUBLISHED_IDS).flat();
    expect(new Set(theirs).size).toBe(26);
    expect(theirs).toHaveLength(26);
  });
});
