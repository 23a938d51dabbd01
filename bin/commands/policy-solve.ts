import type { Command } from 'commander';
import { createRng, TaskatlasError } from '@/lib/science/core';
import {
  FILE_OBJECTIVES,
  type FileObjective,
  fileObjective,
  greedyPolicy,
  missingValues,
  type PolicyProblem,
  type PolicyResult,
  policyCurve,
  policySignificance,
  problemFromTransfers,
  randomBand,
  solvePolicy,
  solveRunnerUp,
} from '@/lib/science/policy';
import type { TransfersDocument } from '@/lib/service/imports';
import { table } from '../terminal';
import { printJson } from './json-input';

interface Options {
  transfers: string;
  maxOrder: string;
  budget: string;
  objective?: string;
  targets?: string;
  sourceOnly?: string;
  forbid?: string;
  force?: string;
  weights?: string;
  costs?: string;
  admit?: string;
  retransfers?: boolean;
  runnerUp?: boolean;
  baselines?: boolean;
  json?: boolean;
}

const invalid = (message: string): TaskatlasError => new TaskatlasError('invalid-input', message);

const nameList = (text: string | undefined): string[] | undefined =>
  text
    ?.split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

/** "a=2,b=0.5" → { a: 2, b: 0.5 }. */
function numberMap(text: string | undefined, option: string): Record<string, number> | undefined {
  if (text === undefined) return undefined;
  const entries = (nameList(text) ?? []).map((entry): [string, number] => {
    const [name, value, rest] = entry.split('=');
    const number = Number(value);
    if (
      !name ||
      value === undefined ||
      value.trim() === '' ||
      rest !== undefined ||
      !(number >= 0 && number < Infinity)
    ) {
      throw invalid(`${option}: "${entry}" must be name=number with a number ≥ 0, for example depth=2`);
    }
    return [name.trim(), number];
  });
  return Object.fromEntries(entries);
}

function positiveNumber(text: string, option: string, whole: boolean): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!(value >= 0 && value < Infinity) || (whole && (!Number.isInteger(value) || value < 1))) {
    throw invalid(`${option}: "${text}" must be ${whole ? 'a whole number ≥ 1' : 'a number ≥ 0'}`);
  }
  return value;
}

function objectiveName(text: string | undefined): FileObjective | undefined {
  if (text === undefined) return undefined;
  const found = FILE_OBJECTIVES.find((name) => name === text);
  if (!found) throw invalid(`--objective: "${text}" must be one of ${FILE_OBJECTIVES.join(', ')}`);
  return found;
}

async function readFile(path: string): Promise<TransfersDocument> {
  const { readTransfersFile } = await import('@/lib/service/imports');
  const [document, ...others] = await readTransfersFile(path);
  if (!document || others.length > 0)
    throw invalid(`${path} holds ${others.length + 1} sets of transfers; a policy needs a file of one`);
  return document;
}

/** What the file holds and the policy does not use. */
const leftOut = ({ report }: TransfersDocument, missing: number, objective: string): string[] => [
  ...report.dropped.map(
    ({ count, text, examples }) => `left out, ${count}: ${text} (${examples.join(', ')})`,
  ),
  ...report.ignored.map(({ field, count }) => `not read: ${field} (${count})`),
  ...(missing > 0 ? [`${missing} transfers have no ${objective}; they give no edge`] : []),
];

async function readProblem(options: Options): Promise<{ problem: PolicyProblem; notes: string[] }> {
  const asked = objectiveName(options.objective);
  const file = await readFile(options.transfers);
  const objective = fileObjective(file, asked);
  const limit = options.budget === 'all' ? Infinity : positiveNumber(options.budget, '--budget', false);
  const problem = problemFromTransfers(file, {
    objective,
    maxOrder: positiveNumber(options.maxOrder, '--max-order', true),
    budgets: [{ name: 'budget', limit, costs: numberMap(options.costs, '--costs') }],
    targets: nameList(options.targets),
    sourceOnly: nameList(options.sourceOnly),
    forbid: nameList(options.forbid),
    force: nameList(options.force),
    weights: numberMap(options.weights, '--weights'),
    admit: nameList(options.admit),
    retransfers: options.retransfers,
  });
  return { problem, notes: leftOut(file, missingValues(file, objective).length, objective) };
}

const view = (policy: PolicyResult) => ({
  objective: policy.objective,
  sources: policy.sources,
  edges: policy.edges.map(({ target, sources, kind, value }) => ({ target, sources, kind, value })),
  optimal: policy.optimal,
  bound: policy.bound,
  gap: policy.gap,
  selfShare: policy.selfShare,
  cost: policy.cost.budget ?? 0,
});

const INFEASIBLE = {
  status: 'infeasible',
  objective: null,
  sources: [],
  edges: [],
  optimal: false,
  bound: null,
};

/** All budgets 1 … number of sources (or up to their total cost), infeasible ones marked. */
async function solveCurve(problem: PolicyProblem) {
  const curve = await policyCurve(problem);
  if (curve.every((point) => point.policy === null)) await solvePolicy(problem); // throws, saying why
  return curve.map(({ budget, policy }) => ({
    budget,
    ...(policy ? { status: 'optimal', ...view(policy) } : INFEASIBLE),
  }));
}

function baselinesOf(problem: PolicyProblem, objective: number) {
  const greedy = greedyPolicy(problem);
  const band = randomBand(problem, { draws: 1000, rng: createRng('policy baselines') });
  return {
    greedy: greedy?.objective ?? null,
    random: { low: band.low, median: band.median, high: band.high, feasibleShare: band.feasibleShare },
    pValue: policySignificance(objective, band),
  };
}

/** One budget: the optimum with its proof, and what was asked for beside it. */
async function solveOne(problem: PolicyProblem, extras: { runnerUp?: boolean; baselines?: boolean } = {}) {
  const policy = await solvePolicy(problem);
  const runnerUp = extras.runnerUp ? await solveRunnerUp(problem, policy) : undefined;
  return {
    status: policy.optimal ? 'optimal' : 'feasible',
    ...view(policy),
    ...(runnerUp === undefined
      ? {}
      : { runnerUp: runnerUp && { ...view(runnerUp.policy), loss: runnerUp.loss } }),
    ...(extras.baselines ? { baselines: baselinesOf(problem, policy.objective) } : {}),
  };
}

function printPolicy(answer: Awaited<ReturnType<typeof solveOne>>): void {
  const proof = answer.optimal ? 'proved optimal' : `bound ${answer.bound.toFixed(6)}`;
  process.stdout.write(`Supervise fully: ${answer.sources.join(', ')}\n`);
  process.stdout.write(
    `Value ${answer.objective.toFixed(6)} (${proof}), ${(100 * answer.selfShare).toFixed(0)} % of it from self edges\n\n`,
  );
  const rows = answer.edges.map((e) => [
    e.target,
    e.kind === 'self' ? 'itself' : e.sources.join(' + '),
    e.value.toFixed(4),
  ]);
  process.stdout.write(`${table(['target', 'from', 'value'], rows)}\n`);
  if (answer.runnerUp) {
    process.stdout.write(
      `\nRunner-up: ${answer.runnerUp.sources.join(', ')} (${answer.runnerUp.loss.toFixed(6)} less)\n`,
    );
  }
  if (answer.baselines) {
    const { greedy, random, pValue } = answer.baselines;
    process.stdout.write(
      `\nGreedy ${greedy?.toFixed(6) ?? 'infeasible'}; random policies ${random.low.toFixed(4)}–${random.high.toFixed(4)} (5–95 %), p = ${pValue.toFixed(3)}\n`,
    );
  }
}

function printCurve(curve: Awaited<ReturnType<typeof solveCurve>>): void {
  const rows = curve.map((p) => [
    String(p.budget),
    p.objective === null ? 'infeasible' : p.objective.toFixed(6),
    String(p.sources.length),
    p.sources.join(' '),
  ]);
  process.stdout.write(`${table(['budget', 'value', 'sources', ''], rows)}\n`);
}

async function act(options: Options): Promise<void> {
  const { problem, notes } = await readProblem(options);
  for (const note of notes) process.stderr.write(`taskatlas: ${note}\n`);
  try {
    if (options.budget === 'all') {
      const curve = await solveCurve(problem);
      return options.json ? printJson({ curve }) : printCurve(curve);
    }
    const answer = await solveOne(problem, options);
    return options.json ? printJson(answer) : printPolicy(answer);
  } catch (error) {
    // A script that reads JSON gets its answer on stdout too; the exit code stays that of an error.
    if (options.json && error instanceof TaskatlasError && error.code === 'infeasible') {
      printJson({ ...INFEASIBLE, error: error.message });
    }
    throw error;
  }
}

/**
 * `policy` itself has --budget, --max-order, --objective and --json, and commander hands options that both know to
 * the parent, wherever they stand; what was given on the line wins over defaults.
 */
function mergeParent(own: Partial<Options>, command: Command): Options {
  const parent = command.parent;
  const given = Object.entries(parent?.opts<Partial<Options>>() ?? {}).filter(
    ([name]) => parent?.getOptionValueSource(name) === 'cli',
  );
  const merged: Partial<Options> = { ...own, ...Object.fromEntries(given) };
  if (merged.budget === undefined) throw invalid('--budget is required: a number, or "all" for the curve');
  return { ...merged, budget: merged.budget } as Options;
}

/** Mounts `taskatlas policy solve` under the `policy` command, offline and from a file. */
export function registerPolicySolve(policyCommand: Command): void {
  policyCommand
    .command('solve')
    .description(
      'exact transfer policy of a transfers file (integer program, proved optimal); needs no server',
    )
    .requiredOption(
      '--transfers <file>',
      'transfers file (docs/published-data.md: JSON or CSV, gzipped or not)',
    )
    .option('--budget <b>', 'supervision budget, or "all" for the curve (required)')
    .option('--max-order <k>', 'at most k sources per transfer', '1')
    .option(
      '--objective <name>',
      `${FILE_OBJECTIVES.join(', ')} (default: the first of these that the file has)`,
    )
    .option('--targets <a,b>', 'only these targets')
    .option('--source-only <a,b>', 'tasks that are sources but no targets')
    .option('--forbid <a,b>', 'tasks that must not be supervised (target-only)')
    .option('--force <a,b>', 'tasks that must be supervised')
    .option('--weights <t=2,…>', 'importance per target (others 1)')
    .option('--costs <t=2,…>', 'cost per source in units of the budget (others 1)')
    .option('--admit <a,b>', 'admit sources outside the dictionary, for example class_selected')
    .option('--retransfers', "admit re-transfers from a target's own frozen encoder (T → T)")
    .option('--runner-up', 'also the best policy that gives up one of the chosen sources')
    .option('--baselines', 'also the greedy policy and 1,000 random feasible ones')
    .option('--json', 'print JSON')
    .action((own: Partial<Options>, command: Command) => act(mergeParent(own, command)));
}
