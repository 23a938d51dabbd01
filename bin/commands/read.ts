import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  adviceView,
  type BestSourceView,
  bestSourceView,
  type Estimate,
  type MatrixView,
  matrixView,
  type PolicyView,
  policyView,
  sweepView,
  type TargetView,
} from '@/lib/service/contracts';
import { csvText } from '@/lib/service/views/csv';
import { metricCell, metricGainCell, metricHead } from '@/lib/service/views/metric-words';
import { type ApiClient, connectApi } from '../api-client';
import { percent, table } from '../terminal';

/** Options of every command that asks a sweep. */
export interface Common {
  sweep: string;
  url?: string;
  json?: boolean;
}

export const common = (command: Command): Command =>
  command
    .option('--sweep <id>', 'number or id of the sweep', 'latest')
    .option('--url <url>', 'server to ask (default: the one running in this clone, else the database itself)')
    .option('--json', 'print the API answer as JSON');

export async function withApi<T>(options: { url?: string }, use: (api: ApiClient) => Promise<T>): Promise<T> {
  const api = await connectApi(options);
  try {
    return await use(api);
  } finally {
    await api.close();
  }
}

export const print = (text: string): void => void process.stdout.write(`${text}\n`);

function registerBest(program: Command): void {
  common(
    program
      .command('best <target>')
      .description('which source to pre-train on for a target task, with confidence')
      .option('-k, --top <k>', 'how many sources', '5')
      .option('--max-order <k>', 'at most k sources joined in one transfer', '1')
      .option('--labels <n>', 'answer for so many labelled images of the target', wholeNumber),
  ).action(async (target: string, options: Common & { top: string; maxOrder: string; labels?: number }) => {
    const { top, maxOrder, labels } = options;
    const query = new URLSearchParams({ target, k: top, maxOrder });
    if (labels !== undefined) query.set('labels', String(labels));
    const answer = await withApi(options, (api) =>
      api.get(`/sweeps/${options.sweep}/best-source?${query}`, bestSourceView),
    );
    if (options.json) return print(JSON.stringify(answer, null, 2));
    print(`${answer.advice}${answer.preliminary ? ' (preliminary: transfers are still running)' : ''}\n`);
    print(bestText(answer));
  });
}

/** The option `--labels`. */
export function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,7}$/.test(text))
    throw new InvalidArgumentError('give a number of labelled images, 1 to 99999999');
  return Number(text);
}

/** The references of a target by the metric that people report, as lines of a table of `width` columns. */
function referenceRows({ metric, metrics }: TargetView, width: number): string[][] {
  const rows: [string, Estimate | null][] = [
    ['from scratch', metrics.scratch],
    ['its own network', metrics.gold],
    ['constant predictor', metrics.mean],
  ];
  return rows.flatMap(([name, value]) =>
    value === null
      ? []
      : [[name, '', metricCell(value, metric), ...Array.from({ length: width - 3 }, () => '')]],
  );
}

/** The ranked sources as a table, with the set that ranks and probabilities speak of. */
function bestText({ set, sources, targetRow }: BestSourceView): string {
  const skill = (x: number | null): string => (x === null ? '–' : x.toFixed(2));
  const { helps, unsure, hurts } = set.verdicts;
  const scratch = targetRow.scratchSkill;
  const judged = helps + unsure + hurts === 0 ? '' : ` ${helps} help, ${unsure} cannot tell, ${hurts} hurt.`;
  const { metric, metricNote } = targetRow;
  const head = [
    'source',
    'rank',
    ...(metric ? [metricHead(metric), 'vs scratch'] : []),
    ...['gain vs scratch', 'skill', 'quality vs own network', 'P(best)', 'verdict'],
  ];
  return [
    table(head, [
      ...sources.map((s) => [
        s.source,
        `${s.rank}${s.tied ? ' (tied)' : ''}`,
        ...(metric ? [metricCell(s.metric, metric), metricGainCell(s.metricGain, metric)] : []),
        percent(s.gain),
        skill(s.skill),
        percent(s.quality),
        s.probabilityBest === null ? '–' : s.probabilityBest.toFixed(2),
        s.helps === 'unsure' ? 'cannot tell' : s.helps,
      ]),
      ...referenceRows(targetRow, head.length),
    ]),
    '',
    `${sources.length} of ${set.name}, ${set.measureWords}.${judged}`,
    ...(scratch === null ? [] : [`Skill over a constant predictor; that of scratch is ${skill(scratch)}.`]),
    ...(metric ? [`${metricHead(metric)} vs scratch: positive = better.`] : []),
    ...(metricNote === null ? [] : [`${metricNote}.`]),
    ...(set.missing === null ? [] : [`${set.missing}.`]),
  ].join('\n');
}

interface PolicyOptions {
  budget?: string;
  unit?: string;
  limits?: string;
  maxOrder?: string;
  objective?: string;
  force?: string;
  forbid?: string;
  sourceOnly?: string;
  weights?: string;
  costs?: string;
  incomplete?: boolean;
}

/** Options of `policy` are read by the sweep's policy; `policy solve` (offline) is mounted beside it. */
function registerPolicy(program: Command): Command {
  const policy = program
    .command('policy')
    // `policy solve` has a --budget of its own: options after it are its own.
    .enablePositionalOptions()
    .description('best transfer policy of a sweep under a supervision budget')
    .option('--budget <n>', 'how much may be fully supervised (default: the sweep’s own)')
    .option('--unit <unit>', 'what the budget counts: tasks, labels or gpu-hours')
    .option('--limits <list>', 'further limits, e.g. labels:5,gpu-hours:0.5')
    .option('--max-order <k>', 'at most k sources per transfer')
    .option('--objective <name>', 'affinity, gain, quality or log-loss')
    .option('--force <tasks>', 'sources that must be supervised, a,b')
    .option('--forbid <tasks>', 'sources that must not be')
    .option('--source-only <tasks>', 'targets that need not be served')
    .option('--weights <list>', 'importance of targets, e.g. z-depth:2')
    .option('--costs <list>', 'label cost of tasks, e.g. z-depth:3')
    .option('--incomplete', 'serve targets that lack transfers too; a range bounds the optimum');
  return common(policy).action(async (options: Common & PolicyOptions) => {
    const { sweep, url: _, json, ...asked } = options;
    const query = new URLSearchParams(Object.entries(asked).map(([name, value]) => [name, String(value)]));
    const answer = await withApi(options, (api) => api.get(`/sweeps/${sweep}/policy?${query}`, policyView));
    print(json ? JSON.stringify(answer, null, 2) : policyText(answer));
  });
}

/** Three digits: hours are measured in seconds. */
const short = (cost: number): number => Number(cost.toPrecision(3));

/** What each chosen source costs in the budget's unit; null where every one counts as one. */
function sourceCosts({ sources, costs, unit }: PolicyView): string | null {
  if (unit === 'tasks') return null;
  const parts = sources.flatMap((source) => {
    const found = costs.find(({ task }) => task === source);
    const cost = unit === 'labels' ? found?.labels : found?.gpuHours;
    return cost === undefined || cost === null ? [] : [`${source} ${short(cost)}`];
  });
  return `Costs in ${unit}: ${parts.join(', ')}.`;
}

function policyText(answer: PolicyView): string {
  const edges = answer.edges.map((edge) => [
    edge.target,
    edge.kind === 'self' ? 'its own network' : edge.sources.join(' + ') || edge.kind,
    edge.value.toFixed(3),
    edge.skill == null ? '–' : edge.skill.toFixed(2),
  ]);
  const useless = answer.edges.filter((edge) => (edge.skill ?? 1) <= 0).map((edge) => edge.target);
  const proof = answer.optimal ? 'proved optimal' : `bound ${answer.bound.toFixed(4)}`;
  const spent = answer.budgets.map((b) => `${short(b.spent)} of ${b.limit} ${b.unit}`).join(', ');
  const { runnerUp } = answer;
  const costs = sourceCosts(answer);
  return [
    `Supervise fully: ${answer.sources.join(', ')} (${spent}). Value ${answer.objective.toFixed(4)} (${answer.objectiveName}), ${proof}.`,
    ...(runnerUp
      ? [`Runner-up: ${runnerUp.sources.join(', ')}, worth ${runnerUp.loss.toFixed(4)} less.`]
      : []),
    ...(costs === null ? [] : [costs]),
    '',
    table(['target', 'served by', 'value', 'skill'], edges),
    ...(useless.length === 0
      ? []
      : [`No better than a constant predictor, and so of value 0 at most: ${useless.join(', ')}.`]),
    ...answer.unserved.map(({ target, reason }) => `not served: ${target} (${reason})`),
  ].join('\n');
}

const UNITS = ['gain', 'affinity', 'quality', 'effect', 'metric', 'loss', 'probe'] as const;
type Unit = (typeof UNITS)[number];

function cellText(matrix: MatrixView, source: string, target: string, unit: Unit): string {
  const cell = matrix.cells.find((c) => c.source === source && c.target === target);
  if (!cell) return '';
  const held = cell[unit];
  const value = typeof held === 'number' || held === null ? held : held.value;
  // Measured, but not by this unit.
  if (value === null) return cell.state === 'done' ? '–' : cell.state;
  return value.toFixed(3);
}

const fixed = (e: Estimate | null): string => (e === null ? '' : e.value.toFixed(3));

/** What stands beside the metrics of the sources: which metric it is, and that of the references. */
const METRIC_COLUMNS: readonly { name: string; of: (row: TargetView) => string }[] = [
  { name: 'metric', of: ({ metric }) => (metric ? metricHead(metric) : '') },
  { name: 'better', of: ({ metric }) => (metric ? (metric.higherIsBetter ? 'higher' : 'lower') : '') },
  { name: 'scratch', of: ({ metrics }) => fixed(metrics.scratch) },
  { name: 'own network', of: ({ metrics }) => fixed(metrics.gold) },
];

/** Gain, else the first unit that some transfer has a value in. */
const firstUnit = ({ cells }: MatrixView): Unit =>
  UNITS.find((unit) => cells.some((c) => c.source !== c.target && c[unit] !== null)) ?? 'gain';

function registerMatrix(program: Command): void {
  common(
    program
      .command('matrix')
      .description('the transfer matrix of a sweep: targets in rows, sources in columns')
      .addOption(
        new Option('--unit <unit>', 'what to show (default: gain, else the first that exists)').choices(
          UNITS,
        ),
      )
      .option('--csv', 'print as CSV'),
  ).action(async (options: Common & { unit?: Unit; csv?: boolean }) => {
    const matrix = await withApi(options, (api) => api.get(`/sweeps/${options.sweep}/matrix`, matrixView));
    const unit = options.unit ?? firstUnit(matrix);
    if (options.json) return print(JSON.stringify(matrix, null, 2));
    const beside = unit === 'metric' ? METRIC_COLUMNS : [];
    const head = ['target', ...beside.map(({ name }) => name), ...matrix.sources];
    const rows = matrix.targets.map((target) => [
      target,
      ...beside.map(({ of }) => {
        const row = matrix.targetRows.find((found) => found.target === target);
        return row ? of(row) : '';
      }),
      ...matrix.sources.map((source) => cellText(matrix, source, target, unit)),
    ]);
    if (options.csv) return print(csvText([head, ...rows]).trimEnd());
    print(`${unit}${matrix.preliminary ? ', preliminary' : ''}; rows are targets, columns sources\n`);
    print(table(head, rows));
  });
}

function registerNotes(program: Command): void {
  common(
    program
      .command('notes')
      .description(
        'what a reader of a sweep must know: defects of imported data, limits of what can be read',
      ),
  ).action(async (options: Common) => {
    const sweep = await withApi(options, (api) => api.get(`/sweeps/${options.sweep}`, sweepView));
    if (options.json) return print(JSON.stringify(sweep.notes, null, 2));
    if (sweep.notes.length === 0) return print(`Sweep ${sweep.number} (${sweep.name}) has no notes.`);
    for (const { level, text } of sweep.notes) print(`${level === 'warning' ? 'Warning' : 'Note'}: ${text}`);
  });
}

function registerAdvise(program: Command): void {
  common(
    program
      .command('advise <target>')
      .description('how to transfer to a target: the textbook rule beside what was measured'),
  ).action(async (target: string, options: Common) => {
    const answer = await withApi(options, (api) =>
      api.get(`/sweeps/${options.sweep}/targets/${target}/advice`, adviceView),
    );
    if (options.json) return print(JSON.stringify(answer, null, 2));
    print(`${answer.advice}\n`);
    for (const { words } of answer.regimes) print(`- ${words}`);
    const { metric } = answer;
    const rows = answer.ranking.map((way) => [
      String(way.images),
      way.method,
      way.sources.join(' + '),
      ...(metric ? [metricCell(way.metric, metric), metricGainCell(way.metricGain, metric)] : []),
      way.logMeanRatio.toFixed(3),
      way.skill === null ? '–' : way.skill.toFixed(2),
      way.margin === null ? '–' : way.margin.toFixed(3),
      way.flops.toExponential(1),
      way.moreLabels ? '✱' : '',
    ]);
    const reported = metric ? [metricHead(metric), 'vs scratch'] : [];
    const head = ['labels', 'method', 'sources', ...reported, 'ln(mean loss/scratch)', 'skill', '±', 'FLOPs'];
    print(`\n${table([...head, ''], rows)}`);
    const compared = answer.ranking.filter((way) => !way.moreLabels).length;
    if (compared < rows.length) print('\n✱ saw more of the target’s labels than that: not compared.');
    const { negative } = answer;
    const untested = negative.some((way) => way.margin === null)
      ? ' (one seed: not held against its noise)'
      : '';
    if (negative.length > 0)
      print(`\nNegative transfer: ${negative.length} of ${compared} ways are worse than scratch${untested}.`);
  });
}

/** Mounts `best`, `policy`, `matrix`, `notes`; returns the `policy` command for its sub-commands. */
export function registerReaders(program: Command): Command {
  registerBest(program);
  registerMatrix(program);
  registerAdvise(program);
  registerNotes(program);
  return registerPolicy(program);
}
