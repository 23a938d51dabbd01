import type { Command } from 'commander';
import { TaskatlasError } from '@/lib/science/core';
import { type Estimate, type MethodsView, methodsView } from '@/lib/service/contracts';
import { waysCsv } from '@/lib/service/views/csv';
import { metricCell, metricGainCell, metricHead } from '@/lib/service/views/metric-words';
import { percent, table } from '../terminal';
import { type Common, common, print, wholeNumber, withApi } from './read';

type Size = MethodsView['sizes'][number];
type Way = MethodsView['ways'][number];

/** More sources than this are counted, not named. */
const MOST_NAMED = 3;

const flops = (cost: { flops: number } | null): string => (cost === null ? '–' : cost.flops.toExponential(1));

/** Signs of one way; the notes below the tables say what they mean. */
const signs = (way: Way, { frontier, wholeFrontier }: Size, sizes: number): string =>
  [
    ...(way.everySize && sizes > 1 ? ['='] : []),
    ...(way.helps === 'hurts' ? ['▼'] : []),
    ...(way.ownLabels ? ['✱'] : []),
    ...(frontier.includes(way.key) ? ['c'] : []),
    ...(wholeFrontier.includes(way.key) ? ['w'] : []),
  ].join(' ');

const NOTES = [
  '= reads no label of the transfer set: one training serves every number of labels',
  '▼ negative transfer: the interval of its gain against scratch lies below 50 %',
  '✱ saw more of the target’s labels than the others: on the source pool, or of a larger transfer set; not compared',
  'c, w: at equal compute, beats everything that costs no more (c: sources given; w: whole, with all trained before it)',
];

function sizeText(view: MethodsView, size: Size): string {
  const label = new Map(view.methods.map(({ id, label: name }) => [id, name]));
  const named = ({ sources }: Way): string =>
    sources.length > MOST_NAMED ? `${sources.length} sources` : sources.join(' + ') || '–';
  const ways = view.ways
    .filter((way) => way.images === size.images)
    .sort((a, b) => (b.gain?.value ?? -1) - (a.gain?.value ?? -1));
  const { metric } = view;
  const rows = ways.map((way) => [
    label.get(way.method) ?? way.method,
    named(way),
    way.gain === null ? way.state : percent(way.gain),
    ...(metric ? [metricCell(way.metric, metric), metricGainCell(way.metricGain, metric)] : []),
    percent(way.quality),
    flops(way.cost),
    flops(way.wholeCost),
    signs(way, size, view.sizes.length),
  ]);
  const front = [
    ...(size.frontier.includes('scratch') ? ['c'] : []),
    ...(size.wholeFrontier.includes('scratch') ? ['w'] : []),
  ];
  const { cost } = size.scratch;
  const beside = (value: Estimate | null): string[] => (metric ? [metricCell(value, metric), ''] : []);
  const [price, sign] = [flops(cost), front.join(' ')];
  const scratch = ['from scratch', '–', '50 %', ...beside(size.scratch.metric), '–', price, price, sign];
  const gold = view.goldMetric ? [['its own network', '–', '', ...beside(view.goldMetric)]] : [];
  const reported = metric ? [metricHead(metric), 'vs scratch'] : [];
  const head = ['method', 'sources', 'gain vs scratch', ...reported, 'quality vs own network', 'FLOPs'];
  return `${size.words}\n\n${table([...head, 'whole', ''], [...rows, scratch, ...gold])}`;
}

/** Method × source at equal labels and at equal compute, a table for each number of labels. */
function waysText(view: MethodsView): string {
  if (view.ways.length === 0)
    return `No transfer to ${view.target} can be compared: none is planned, or the results were imported without their training.`;
  return [...view.sizes.map((size) => sizeText(view, size)), NOTES.join('\n')].join('\n\n');
}

/** The answer for one number of labels. @throws TaskatlasError `invalid-input` naming those that were measured */
function atLabels(view: MethodsView, labels: number | undefined): MethodsView {
  if (labels === undefined) return view;
  const sizes = view.sizes.filter(({ images }) => images === labels);
  if (sizes.length === 0) {
    const known = view.sizes.map(({ images }) => images).join(', ') || 'none';
    throw new TaskatlasError(
      'invalid-input',
      `Nothing is planned with ${labels} labels; there are ${known}.`,
    );
  }
  return { ...view, sizes, ways: view.ways.filter(({ images }) => images === labels) };
}

/** `taskatlas ways`: what the page of all ways to a target shows. */
export function registerWays(program: Command): void {
  common(
    program
      .command('ways <target>')
      .description(
        'every way to transfer to a target, method × source: at equal labels, at equal compute, negative transfer marked',
      )
      .option('--labels <n>', 'only with so many labelled images of the target', wholeNumber)
      .option('--csv', 'print as CSV, with all units and intervals'),
  ).action(async (target: string, options: Common & { labels?: number; csv?: boolean }) => {
    const path = `/sweeps/${options.sweep}/targets/${encodeURIComponent(target)}/methods`;
    const view = atLabels(await withApi(options, (api) => api.get(path, methodsView)), options.labels);
    if (options.json) return print(JSON.stringify(view, null, 2));
    print(options.csv ? waysCsv(view).trimEnd() : waysText(view));
  });
}
