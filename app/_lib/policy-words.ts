import type { BudgetUnit, PolicyCurvePoint, PolicyView } from '@/lib/service/contracts';
import { capital, inWords, list, ordinal, percent, plural, share } from './format';

/** "Train eight tasks fully, serve all 22" */
export function policyTitle(policy: PolicyView): string {
  const n = policy.sources.length;
  const served = policy.edges.filter((e) => e.kind !== 'scratch').length;
  const total = policy.edges.length;
  const all =
    total === 1 && served === 1
      ? 'the one target'
      : served === total
        ? `all ${served}`
        : `${served} of ${total}`;
  return `Train ${inWords(n)} ${n === 1 ? 'task' : 'tasks'} fully, serve ${all}`;
}

type Curve = readonly PolicyCurvePoint[];

/** How much of the reachable value this budget buys, and what one more task would add; empty while the curve is not whole. */
export function policyFinding(policy: PolicyView, curve: Curve | null): string {
  if (curve === null) return '';
  const top = Math.max(...curve.map((p) => p.objective), policy.objective);
  const n = policy.sources.length;
  const subject = `${capital(inWords(n))} fully supervised ${n === 1 ? 'task reaches' : 'tasks reach'}`;
  if (!(top > 0)) return `${subject} no value on this objective: no transfer is better than nothing.`;
  const first = `${subject} ${percent(policy.objective / top)} of the value of supervising everything.`;
  const next = curve.find((p) =>
    policy.unit === 'tasks' ? p.budget >= policy.budget + 1 : p.budget > policy.budget,
  );
  if (next === undefined) return first;
  const added = (next.objective - policy.objective) / top;
  const word = inWords(n + 1).length > 3 || n + 1 <= 12 ? ordinalWord(n + 1) : ordinal(n + 1);
  const more =
    policy.unit === 'tasks'
      ? `${/^(e|1[18]th|8)/.test(word) ? 'An' : 'A'} ${word}`
      : `The next step of the budget, to ${budgetText(next.budget)},`;
  return `${first} ${more} would add ${added < 0.005 ? 'less than 1\u00a0%' : percent(added)}.`;
}

const ORDINALS = [
  '',
  'first',
  'second',
  'third',
  'fourth',
  'fifth',
  'sixth',
  'seventh',
  'eighth',
  'ninth',
  'tenth',
  'eleventh',
  'twelfth',
];
const ordinalWord = (n: number): string => ORDINALS[n] ?? ordinal(n);

/** Where greedy choice loses against the optimum, and where more labels stop paying. */
export function curveNote(curve: Curve): string {
  const near = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-6 * Math.max(1e-9, Math.abs(b));
  const notes: string[] = [];
  const known = curve.filter((p) => p.greedy !== null);
  const misses = known.filter((p) => !near(p.greedy ?? 0, p.objective));
  const worst = misses.reduce((a, p) => Math.max(a, 1 - (p.greedy ?? 0) / p.objective), 0);
  if (known.length > 0) {
    notes.push(
      misses.length === 0
        ? 'Greedy choice finds the optimum at every budget.'
        : `Greedy choice misses the optimum at ${plural(misses.length, 'budget')} of ${known.length}, by at most ${percent(worst, worst < 0.01 ? 1 : 0)}.`,
    );
  }
  const last = curve.at(-1);
  const flat = last === undefined ? undefined : curve.find((p) => near(p.objective, last.objective));
  if (last !== undefined && flat !== undefined && flat.budget < last.budget)
    notes.push(`Past ${flat.budget}, more labels change nothing.`);
  const unproved = curve.filter((p) => !p.optimal).length;
  if (unproved > 0) notes.push(`Not proved optimal at ${plural(unproved, 'budget')}.`);
  return notes.join(' ');
}

export const UNIT_WORDS: Readonly<Record<BudgetUnit, string>> = {
  tasks: 'tasks with full labels',
  labels: 'labels',
  'gpu-hours': 'GPU-hours of training',
};

/** A budget without needless decimals. */
export const budgetText = (value: number): string => String(Number(value.toPrecision(3)));

/** What was proved about a policy, and what stands beside it: a name and a sentence each. */
export function proofRows(
  policy: PolicyView,
  name: (id: string) => string,
): { label: string; value: string }[] {
  const number = (x: number): string => share(x, 3);
  const rows = [
    {
      label: 'Optimum',
      value: policy.optimal
        ? `proved: no policy of this budget has more than ${number(policy.bound)}`
        : `not proved: at most ${number(policy.bound)}, a gap of ${percent(policy.gap, 2)}`,
    },
  ];
  const { runnerUp, random, significance, range } = policy;
  if (runnerUp !== null) {
    const change =
      runnerUp.gained.length === 0
        ? `without ${list(runnerUp.lost.map(name))}`
        : `${list(runnerUp.gained.map(name))} instead of ${list(runnerUp.lost.map(name))}`;
    rows.push({ label: 'Runner-up', value: `${change} loses ${number(runnerUp.loss)}` });
  }
  if (policy.greedy !== null) {
    const short = policy.objective - policy.greedy;
    const same = Math.abs(short) <= 1e-6 * Math.max(1e-9, Math.abs(policy.objective));
    rows.push({ label: 'Greedy', value: same ? 'the same as the optimum' : `loses ${number(short)}` });
  }
  if (random !== null) {
    const chance =
      significance === null
        ? ''
        : `; as good by chance p = ${number(significance.pValue)}, ${significance.draws} draws`;
    rows.push({
      label: 'Random',
      value: `${number(random.median)} (5–95 % ${number(random.low)} to ${number(random.high)})${chance}`,
    });
  }
  if (range !== null) {
    const missing = plural(range.missing, 'transfer');
    rows.push({
      label: 'Range',
      value: `${number(range.low)} to ${number(range.high)}, by ${missing} that ${range.missing === 1 ? 'was' : 'were'} not measured`,
    });
  }
  return rows;
}
