import { describe, expect, it } from 'vitest';
import { brackets, buildTree, clusterRuns, cutTree, groupName, leavesOf, runsOf, type Tree } from './tree';

// ((a b) c) (d e)
const tree = buildTree({
  leaves: ['a', 'b', 'c', 'd', 'e'],
  merges: [
    [0, 1, 1],
    [5, 2, 2],
    [3, 4, 1.5],
    [6, 7, 4],
  ],
}) as Tree;

describe('similarity tree', () => {
  it('is built from a merge table', () => {
    expect(leavesOf(tree)).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(buildTree({ leaves: ['a'], merges: [] })).toBeNull();
    expect(buildTree({ leaves: ['a', 'b'], merges: [[0, 9, 1]] })).toBeNull();
  });
  it('is cut at its highest merges', () => {
    expect(cutTree(tree, 1)).toEqual([['a', 'b', 'c', 'd', 'e']]);
    expect(cutTree(tree, 2)).toEqual([
      ['a', 'b', 'c'],
      ['d', 'e'],
    ]);
    expect(cutTree(tree, 3)).toEqual([['a', 'b'], ['c'], ['d', 'e']]);
    expect(cutTree(tree, 99)).toHaveLength(5);
  });
  it('leaves no name over a single tile', () => {
    expect(clusterRuns(tree, ['a', 'b', 'c', 'd', 'e'], 3)).toEqual([
      ['a', 'b', 'c'],
      ['d', 'e'],
    ]);
  });
  it('joins a task that clusters with nobody to the run before', () => {
    const lonely = buildTree({
      leaves: ['a', 'b', 'c', 'd', 'x'],
      merges: [
        [0, 1, 1],
        [2, 3, 1],
        [5, 6, 3],
        [7, 4, 4],
      ],
    }) as Tree;
    expect(clusterRuns(lonely, ['a', 'b', 'c', 'd', 'x'], 2)).toEqual([
      ['a', 'b'],
      ['c', 'd', 'x'],
    ]);
  });
  it('draws brackets between leaf positions, heights as shares of the top', () => {
    const at = new Map(['a', 'b', 'c', 'd', 'e'].map((id, i) => [id, i * 10]));
    const all = brackets(tree, at);
    expect(all).toHaveLength(4);
    expect(all[0]).toEqual({ a: 0, b: 10, ha: 0, hb: 0, h: 0.25 });
    expect(all[1]).toEqual({ a: 5, b: 20, ha: 0.25, hb: 0, h: 0.5 });
    expect(all[3]).toEqual({ a: 12.5, b: 35, ha: 0.5, hb: 0.375, h: 1 });
  });
});

describe('groups', () => {
  it('joins ids without a key to the run before', () => {
    const key = (id: string) => ({ a: 'x', b: 'x', d: 'y' })[id] ?? null;
    expect(runsOf(['a', 'b', 'c', 'd', 'e'], key)).toEqual([
      ['a', 'b', 'c'],
      ['d', 'e'],
    ]);
  });
  it('names a group by the families that make it up', () => {
    const family = (id: string) =>
      id.startsWith('g') ? 'geometry' : id.startsWith('l') ? 'layout' : 'control';
    expect(groupName(['g1', 'g2', 'g3', 'l1'], family)).toBe('Geometry');
    expect(groupName(['g1', 'l1', 'l2', 'x'], family)).toBe('Layout');
    expect(groupName(['g1', 'g2', 'l1', 'l2'], family)).toBe('Geometry and layout');
    expect(groupName(['x'], family)).toBe('Control');
  });
});
