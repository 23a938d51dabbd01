import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { describeReference, referencePath } from '@/lib/science/numerics/testing/reference';
import { registerAffinitySolve } from './affinity-solve';
import { registerPolicySolve } from './policy-solve';

const folder = mkdtempSync(join(tmpdir(), 'solve-'));
const file = (name: string, content: unknown): string => {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
};

/** Runs the command line as `bin/main.ts` mounts it, with a parent `policy` that has the same option names. */
async function run(...args: string[]): Promise<{ text: string; json: () => Record<string, never> & Answer }> {
  let text = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const program = new Command('taskatlas').exitOverride();
  const policy = program.command('policy').option('--budget <n>').option('--max-order <k>').option('--json');
  registerPolicySolve(policy);
  registerAffinitySolve(program);
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (error instanceof Error) Object.assign(error, { stdout: text });
    throw error;
  } finally {
    vi.restoreAllMocks();
  }
  return { text, json: () => JSON.parse(text) };
}

interface Answer {
  objective: number;
  sources: string[];
  edges: { target: string; sources: string[]; kind: string; value: number }[];
  optimal: boolean;
  bound: number;
  curve: (Answer & { budget: number; status: string })[];
  weights: number[];
}

afterEach(() => vi.restoreAllMocks());

const measured = (target: string, sources: string[], affinity: number | null) => ({
  target,
  sources,
  order: sources.length,
  affinity,
  gain: affinity === null ? null : 1 - affinity,
  quality: affinity,
});

const transfers = file('transfers.json', {
  targets: ['depth', 'normals', 'edges'],
  dictionary26: ['depth', 'normals', 'edges', 'jigsaw'],
  regime: 'a field that is not ours',
  transfers: [
    measured('depth', ['self'], 0.5),
    measured('depth', ['depth'], 0.9), // re-transfer: no candidate by default
    measured('depth', ['normals'], 0.4),
    measured('depth', ['class_selected'], 0.95),
    measured('normals', ['self'], 0.6),
    measured('normals', ['depth'], 0.3),
    measured('edges', ['self'], 0.7),
    measured('edges', ['depth'], 0.1),
    measured('edges', ['normals'], 0.2),
    measured('edges', ['jigsaw'], 0.3),
    measured('edges', ['normals', 'jigsaw'], 0.65),
    measured('normals', ['jigsaw'], null),
  ],
});

const solve = (...args: string[]) => run('policy', 'solve', '--transfers', transfers, '--json', ...args);

describe('taskatlas policy solve', () => {
  it('prints the optimum in the promised shape', async () => {
    const answer = (await solve('--budget', '2', '--max-order', '4')).json();
    expect(answer.objective).toBeCloseTo(0.4 + 0.6 + 0.7, 12);
    expect(answer).toMatchObject({ sources: ['normals', 'edges'], optimal: true });
    expect(answer.bound).toBeCloseTo(answer.objective, 9);
    expect(answer.edges).toEqual([
      { target: 'depth', sources: ['normals'], kind: 'transfer', value: 0.4 },
      { target: 'normals', sources: ['normals'], kind: 'self', value: 0.6 },
      { target: 'edges', sources: ['edges'], kind: 'self', value: 0.7 },
    ]);
  });

  it('takes every option', async () => {
    const only = (
      await solve('--budget', '2', '--max-order', '2', '--targets', 'depth,edges', '--forbid', 'edges')
    ).json();
    expect(only.objective).toBeCloseTo(0.4 + 0.65, 12);
    const first = (await solve('--budget', '2', '--targets', 'depth,edges', '--forbid', 'edges')).json();
    expect(first.objective).toBeCloseTo(0.5 + 0.3, 12);
    const sourceOnly = (await solve('--budget', '1', '--source-only', 'edges,normals')).json();
    expect(sourceOnly.edges).toEqual([{ target: 'depth', sources: ['depth'], kind: 'self', value: 0.5 }]);
    const forced = (await solve('--budget', '2', '--force', 'jigsaw')).json();
    expect(forced.sources).toEqual(['normals', 'jigsaw']);
    const weighted = (await solve('--budget', '1', '--weights', 'depth=10')).json();
    expect(weighted.objective).toBeCloseTo(5 + 0.3 + 0.1, 12);
    const gain = (await solve('--budget', '1', '--objective', 'gain')).json();
    expect(gain.objective).toBeCloseTo(0.5 + 0.7 + 0.9, 12);
    const admitted = (await solve('--budget', '2', '--admit', 'class_selected')).json();
    expect(admitted.sources).toContain('class_selected');
    const dear = (await solve('--budget', '2', '--costs', 'normals=2,edges=2')).json();
    expect(dear.sources).toEqual(['normals']);
    const again = (await solve('--budget', '1', '--retransfers')).json();
    expect(again.objective).toBeCloseTo(0.9 + 0.3 + 0.1, 12);
  });

  it('prints the curve, infeasible budgets marked', async () => {
    const { curve } = (await solve('--budget', 'all', '--max-order', '4')).json();
    expect(curve.map((p) => [p.budget, p.objective && Number(p.objective.toFixed(6))])).toEqual([
      [1, 1.2],
      [2, 1.7],
      [3, 1.8],
      [4, 1.8],
    ]);
    const jigsaw = (await solve('--budget', 'all', '--force', 'jigsaw')).json();
    expect(jigsaw.curve[0]).toMatchObject({ budget: 1, status: 'infeasible', objective: null });
    expect(jigsaw.curve[1]).toMatchObject({ budget: 2, optimal: true });
  });

  it('shows runner-up and baselines to a person', async () => {
    const { text } = await run(
      'policy',
      'solve',
      '--transfers',
      transfers,
      '--budget',
      '2',
      '--runner-up',
      '--baselines',
    );
    expect(text).toContain('Supervise fully: normals, edges');
    expect(text).toContain('proved optimal');
    expect(text).toMatch(/Runner-up: .* \(0\.\d+ less\)/);
    expect(text).toMatch(/Greedy 1\.\d+; random policies/);
  });

  it('says on both streams that nothing is feasible', async () => {
    const failed = solve('--budget', '0');
    await expect(failed).rejects.toMatchObject({
      code: 'infeasible',
      message: expect.stringContaining('needs at least 1'),
    });
    const stdout = await failed.then(
      () => '',
      (error: { stdout: string }) => error.stdout,
    );
    expect(JSON.parse(stdout)).toMatchObject({ status: 'infeasible', objective: null, optimal: false });
  });

  it('names the file, the field or the option that is wrong', async () => {
    const bad = file('bad.json', {
      transfers: [
        { target: 'a', sources: ['b'], affinity: 'high' },
        { target: 'a', sources: [] },
      ],
    });
    await expect(run('policy', 'solve', '--transfers', bad, '--budget', '1')).rejects.toMatchObject({
      message: expect.stringMatching(/bad\.json: .*transfers\[0\]\.affinity/),
      issues: [
        expect.objectContaining({ path: 'transfers[0].affinity' }),
        expect.objectContaining({ path: 'transfers[1].sources' }),
      ],
    });
    await expect(
      run('policy', 'solve', '--transfers', join(folder, 'none.json'), '--budget', '1'),
    ).rejects.toThrow(/none\.json: no such file/);
    await expect(
      run('policy', 'solve', '--transfers', file('junk.json', '\u0000'.repeat(99)), '--budget', '1'),
    ).rejects.toThrow('not text');
    await expect(solve('--budget', 'some')).rejects.toThrow('--budget: "some" must be a number ≥ 0');
    await expect(solve('--budget', '1', '--max-order', '1.5')).rejects.toThrow('--max-order');
    await expect(solve('--budget', '1', '--objective', 'luck')).rejects.toThrow('affinity, quality, gain');
    await expect(solve('--budget', '1', '--weights', 'depth')).rejects.toThrow('name=number');
    await expect(solve('--budget', '1', '--force', 'detph')).rejects.toThrow(
      '--force: detph not in the file',
    );
  });
});

describe('what a file holds', () => {
  const policy = (name: string, content: string, ...args: string[]) =>
    run('policy', 'solve', '--transfers', file(name, content), '--budget', '2', '--json', ...args);
  const gains = 'target;sources;gain\na;b;0,7\na;c;0,6\nd;b;0,2\nd;c;0,9\n';

  it('is maximised when nobody says what: here gain, from a CSV file', async () => {
    const answer = (await policy('gains.csv', gains)).json();
    expect(answer.objective).toBeCloseTo(0.7 + 0.9, 12);
    expect(answer.sources).toEqual(['b', 'c']);
  });

  it('is named when it has not what was asked for', async () => {
    await expect(policy('gains.csv', gains, '--objective', 'quality')).rejects.toMatchObject({
      code: 'invalid-input',
      message: 'This file has no quality values; use --objective gain',
    });
  });

  it('is refused by the same reader as an import: a slip, a reserved name, a share of 5', async () => {
    const one = (transfer: object) => JSON.stringify({ transfers: [transfer] });
    await expect(policy('t.json', one({ target: 'a', sources: ['b'], gains: 1 }))).rejects.toThrow(
      'did you mean "gain"?',
    );
    await expect(policy('t.json', one({ target: 'a', sources: ['toString'], gain: 1 }))).rejects.toThrow(
      'reserved',
    );
    await expect(policy('t.json', one({ target: 'a', sources: ['b'], gain: 5 }))).rejects.toThrow(
      '5 is not between 0 and 1',
    );
  });
});

describe('taskatlas affinity solve', () => {
  it('clips, takes odds and prints the eigenvector', async () => {
    const tournament = file('tournament.json', {
      candidates: ['a', 'b', 'c'],
      winRates: [
        [0.5, 1, 1],
        [0, 0.5, 1],
        [0, 0, 0.5],
      ],
    });
    const answer = (await run('affinity', 'solve', '--tournament', tournament, '--json')).json();
    expect(answer.weights).toEqual([
      expect.closeTo(0.9899943197501173, 12),
      expect.closeTo(0.00990654866, 9),
      expect.closeTo(9.913158538805724e-5, 12),
    ]);
    expect(answer).toMatchObject({
      lambdaMax: expect.closeTo(11.096698910510714, 9),
      consistencyIndex: expect.closeTo(4.048349455, 8),
    });
    expect((await run('affinity', 'solve', '--tournament', tournament)).text).toContain('λmax 11.0967');
  });

  it('names the row that does not fit', async () => {
    const bad = file('rows.json', {
      candidates: ['a', 'b'],
      winRates: [
        [0.5, 2],
        [0, 0.5],
      ],
    });
    await expect(run('affinity', 'solve', '--tournament', bad)).rejects.toMatchObject({
      message: expect.stringContaining('rows.json: not a tournament file'),
      issues: [expect.objectContaining({ path: 'winRates[0][1]' })],
    });
    const short = file('short.json', { candidates: ['a', 'a'], winRates: [[0.5, 1], [0]] });
    await expect(run('affinity', 'solve', '--tournament', short)).rejects.toMatchObject({
      issues: [
        expect.objectContaining({ path: 'candidates' }),
        expect.objectContaining({ path: 'winRates[1]' }),
      ],
    });
  });
});

describeReference('policy solve on the published file', () => {
  it('reaches the anchors of issue 4 through the command line', async () => {
    const published = referencePath('taskonomy', 'transfers_16k.json');
    const at = async (budget: string) =>
      (
        await run(
          'policy',
          'solve',
          '--transfers',
          published,
          '--max-order',
          '4',
          '--budget',
          budget,
          '--json',
        )
      ).json();
    expect((await at('4')).objective).toBeCloseTo(2.0015, 4);
    const eight = await at('8');
    expect(eight.objective).toBeCloseTo(2.2794, 4);
    expect(eight.sources).toHaveLength(8);
  });
});
