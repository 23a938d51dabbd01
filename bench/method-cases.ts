/**
 * The case of each transfer method, as it is written down in docs/methods/<name>.md before it is run.
 *   npm run bench -- method-cases [--only partial,distill] [--seeds 1,2,3,4,5] [--directory DIR]
 * On Fashion-MNIST (Debian package dataset-fashion-mnist), those of several tasks on rooms. Every attempt is appended to docs/methods/attempts.jsonl.
 */
import { execFileSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { createRng, type MemberRef, type MethodOptions } from '@/lib/science/core';
import { chosen, readOptions, wholeNumber } from './command/options';
import { ADAPTATION_CASES } from './method-cases/adaptation';
import { Bench, type Case, openGround, pair, selection, TARGET } from './method-cases/bench';
import { ROOMS_CASES } from './method-cases/rooms';
import { UNSUPERVISED_CASES } from './method-cases/unsupervised';

const { values: flags } = readOptions({
  only: { type: 'string' },
  seeds: { type: 'string', default: '1,2,3,4,5' },
  directory: { type: 'string', default: '/usr/share/datasets/fashion-mnist' },
});

const SOURCES = ['rotation', 'autoencoding', 'denoising'];
const CASES: Readonly<Record<string, Case>> = {
  features: (b) =>
    pair(b.transfer('features', ['autoencoding'], { layer: 'conv2' }, { images: 60 }), () =>
      b.transfer('features', ['autoencoding'], {}, { images: 60 }),
    ),
  'fine-tune': (b) => pair(b.transfer('fine-tune', ['rotation']), () => b.scratch()),
  partial: (b) =>
    pair(b.transfer('partial', [TARGET], {}, { images: 60 }), () =>
      b.transfer('fine-tune', [TARGET], {}, { images: 60 }),
    ),
  distill: (b) => pair(b.transfer('distill', [TARGET], { student: 'micro' }), () => b.scratch('micro')),
  'born-again': (b) => pair(b.transfer('born-again', []), () => b.scratch()),
  'self-training': (b) =>
    pair(b.transfer('self-training', ['autoencoding'], {}, { images: 15 }), () =>
      b.transfer('readout', ['autoencoding'], {}, { images: 15 }),
    ),
  ensemble: async (b) => {
    const runs = [];
    for (const source of SOURCES) runs.push(await b.transfer('readout', [source]));
    const members = runs.map(({ fingerprint }, i) => ({ fingerprint, key: SOURCES[i] ?? '' }));
    const best = runs.reduce((x, y) => (selection(y) < selection(x) ? y : x));
    return await pair(b.transfer('ensemble', SOURCES, {}, { members }), async () => best);
  },
  'born-again-tree': async (b) => {
    const members: MemberRef[] = [];
    for (const source of SOURCES) {
      const { fingerprint } = await b.transfer('readout', [source], {}, { images: 60 });
      members.push({ fingerprint, key: source });
    }
    const tree = (options: MethodOptions) =>
      b.transfer('born-again-tree', SOURCES, options, { images: 60, members });
    return await pair(tree({}), () => tree({ weight: 0, unlabelled: false }));
  },
  ...UNSUPERVISED_CASES,
  ...ADAPTATION_CASES,
  ...ROOMS_CASES,
};

/** Percentile bootstrap of the mean of paired differences over the seeds. */
function interval(differences: readonly number[]): { mean: number; low: number; high: number } {
  const mean = (list: readonly number[]) => list.reduce((sum, x) => sum + x, 0) / list.length;
  const rng = createRng('method-cases');
  const draws = Array.from({ length: 4000 }, () =>
    mean(differences.map(() => differences[rng.int(differences.length)] as number)),
  ).sort((a, b) => a - b);
  return { mean: mean(differences), low: draws[100] ?? 0, high: draws[3899] ?? 0 };
}

const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
const seeds = flags.seeds.split(',').map((seed) => wholeNumber(seed, '--seeds'));
const ground = await openGround(flags.directory);
const wanted = chosen(flags.only, Object.keys(CASES), '--only');
const found = new Map<string, { seed: number; method: number; baseline: number }[]>();
for (const seed of seeds) {
  const bench = new Bench(ground, seed);
  for (const name of wanted) {
    const run = CASES[name];
    if (!run) continue;
    const measured = { seed, ...(await run(bench)) };
    found.set(name, [...(found.get(name) ?? []), measured]);
    console.log(
      `seed ${seed} ${name}: ${measured.method.toFixed(1)} % against ${measured.baseline.toFixed(1)} %`,
    );
  }
}
for (const [name, runs] of found) {
  const { mean, low, high } = interval(runs.map((run) => run.method - run.baseline));
  const difference = `${mean.toFixed(2)} points (95 % interval ${low.toFixed(2)} to ${high.toFixed(2)})`;
  console.log(`${name}: ${difference}, ${runs.length} seeds`);
  const line = { case: name, commit, runs, difference: { mean, low, high } };
  appendFileSync('docs/methods/attempts.jsonl', `${JSON.stringify(line)}\n`);
}
