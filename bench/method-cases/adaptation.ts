/** Cases of domain adaptation: docs/methods/domain-adaptation.md. */
import type { DomainShift, MethodOptions } from '@/lib/science/core';
import { type Case, type CaseSettings, type Measured, pair } from './bench';

const TEXTURED = { kind: 'textured', strength: 1 } as const;
const TINTED = { kind: 'tinted', strength: 1 } as const;
/** Less light, falling off to one side: for CyCADA, and for ADDA a second time. */
const DIM = { kind: 'dim', strength: 1 } as const;
/** The transfer pool has no labels here: 1,000 pictures of the target domain. */
const POOLS = { source: 2000, transfer: 1000, selection: 150, test: 1000 };
const SETTINGS: CaseSettings = { preset: 'tiny', epochs: { source: 15, transfer: 30, scratch: 30 } };

/** Methods that begin with the source-only network. */
const STARTED = ['adda', 'cycada'];

/** Defaults when the first two attempts were made: ADDA's players at one pace, DANN's λ up to 1. */
const ONE_PACE = { 'encoder-rate': 1 };
const FULL_REVERSAL = { weight: 1 };
/** Since the fourth attempt. */
const TENTH = { weight: 0.1 };

/** Second attempt: a tenth of the preset's rate. */
const SLOW = { 'learning-rate': 3e-4 };

/** Prints the distances between the domains beside the accuracies. */
function shown(method: string, measured: Measured): Measured {
  const [table] = measured.result.tables ?? [];
  table?.rows.forEach((row, i) => {
    const values = table.columns.map((column, j) => `${column} ${table.values[i]?.[j]?.toPrecision(3)}`);
    console.log(`  ${method}, ${row}: ${values.join(', ')}`);
  });
  return measured;
}

/** @param options of the baseline too; `own` of the method alone */
const against =
  (
    method: string,
    options: MethodOptions = {},
    own: MethodOptions = {},
    shift: DomainShift = TEXTURED,
  ): Case =>
  async (bench) => {
    const b = await bench.at(SETTINGS).inDomains(shift, POOLS);
    const baseline = shown('source-only', await b.transfer('source-only', [], options));
    const members = STARTED.includes(method)
      ? [{ key: 'source-only', fingerprint: baseline.fingerprint }]
      : undefined;
    const adapted = shown(
      method,
      await b.transfer(method, [], { ...options, ...own }, members ? { members } : {}),
    );
    return await pair(Promise.resolve(adapted), async () => baseline);
  };

export const ADAPTATION_CASES: Readonly<Record<string, Case>> = {
  dann: against('dann', {}, FULL_REVERSAL),
  adda: against('adda', {}, ONE_PACE),
  'deep-coral': against('deep-coral'),
  'dann-slow': against('dann', SLOW, FULL_REVERSAL),
  'adda-slow': against('adda', SLOW, ONE_PACE),
  'adda-two-paces': against('adda', {}, { 'encoder-rate': 0.1 }),
  cycada: against('cycada', {}, {}, DIM),
  'cycada-semantic': against('cycada', {}, { semantic: 1 }, DIM),
  'adda-dim': against('adda', {}, {}, DIM),
  'dann-tenth': against('dann', {}, TENTH),
  'dann-tinted': against('dann', {}, TENTH, TINTED),
  'dann-dim': against('dann', {}, TENTH, DIM),
};
