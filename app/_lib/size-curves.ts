import type { Estimate, SizesView } from '@/lib/service/contracts';
import { count, percent, plural, signed } from './format';
import type { Ways } from './ways';

/** What the curves over the size of the transfer set can show. */
export const SIZE_UNITS = ['gain', 'quality', 'loss'] as const;
export type SizeUnit = (typeof SIZE_UNITS)[number];

type Candidate = SizesView['points'][number]['candidates'][number];
type Crossover = SizesView['crossovers'][number];
type Name = Ways['name'];

export interface SizeLine {
  key: string;
  label: string;
  /** `lead`: the transfer that is best at the smallest size; `rest`: drawn thin, without a name. */
  role: 'lead' | 'named' | 'rest' | 'scratch' | 'own' | 'mean';
  points: ({ images: number } & Estimate)[];
}

/** Names that fit at the ends of the lines beside scratch and own network. */
const MOST_NAMED = 4;

const gainAt = (view: SizesView, at: number, key: string): number =>
  view.points.at(at)?.candidates.find((c) => c.key === key)?.gain?.value ?? Number.NEGATIVE_INFINITY;

/** Transfers that every size has: self-training, for one, needs unlabelled images, and has no curve. */
const transferKeys = (view: SizesView, kinds: readonly Candidate['kind'][]): string[] =>
  (view.points[0]?.candidates ?? [])
    .filter(
      ({ kind, key }) =>
        kinds.includes(kind) && view.points.every((p) => p.candidates.some((c) => c.key === key)),
    )
    .map((c) => c.key);

/** The transfer of which the API's advice speaks: the largest gain at the smallest size. */
export function leadOf(view: SizesView): string | null {
  const known = transferKeys(view, ['transfer']).filter((key) => Number.isFinite(gainAt(view, 0, key)));
  return known.sort((a, b) => gainAt(view, 0, b) - gainAt(view, 0, a))[0] ?? null;
}

/** The lead first, then those that gain most at the largest size; the re-transfer is no source and comes last. */
export function namedTransfers(view: SizesView): string[] {
  const lead = leadOf(view);
  const others = transferKeys(view, ['transfer'])
    .filter((key) => key !== lead)
    .sort((a, b) => gainAt(view, -1, b) - gainAt(view, -1, a));
  const all = [...(lead === null ? [] : [lead]), ...others, ...transferKeys(view, ['retransfer'])];
  return all.slice(0, MOST_NAMED);
}

const LABELS: Partial<Record<Candidate['kind'], string>> = {
  self: 'own network',
  scratch: 'scratch',
  mean: 'mean predictor',
  retransfer: 're-transfer',
};

const labelOf = (candidate: Pick<Candidate, 'kind' | 'method' | 'sources'>, name: Name): string =>
  LABELS[candidate.kind] ?? name(candidate);

const exact = (value: number): Estimate => ({ value, low: null, high: null });

/** A candidate in a unit. What the unit compares with wins half of the images against itself, whatever the size. */
function valueIn(c: Candidate, unit: SizeUnit): Estimate | null {
  if (unit === 'loss') return c.loss === null || c.loss <= 0 ? null : exact(c.loss);
  if (c.kind === 'mean') return null;
  if (c.kind === (unit === 'gain' ? 'scratch' : 'self')) return exact(0.5);
  return c[unit];
}

/** Every curve of a unit, those without a name first, so that the others lie above them. */
export function sizeLines(view: SizesView, unit: SizeUnit, name: Name): SizeLine[] {
  const named = namedTransfers(view);
  const roleOf = ({ kind, key }: Candidate): SizeLine['role'] => {
    if (kind === 'scratch' || kind === 'mean') return kind;
    if (kind === 'self') return 'own';
    return key === named[0] ? 'lead' : named.includes(key) ? 'named' : 'rest';
  };
  const lines = (view.points[0]?.candidates ?? []).map(
    (candidate): SizeLine => ({
      key: candidate.key,
      label: labelOf(candidate, name),
      role: roleOf(candidate),
      points: view.points.flatMap(({ images, candidates }) => {
        const here = candidates.find((c) => c.key === candidate.key);
        const value = here === undefined ? null : valueIn(here, unit);
        return value === null ? [] : [{ images, ...value }];
      }),
    }),
  );
  const depth: SizeLine['role'][] = ['rest', 'mean', 'own', 'scratch', 'named', 'lead'];
  return lines
    .filter((line) => line.points.length > 1)
    .sort((a, b) => depth.indexOf(a.role) - depth.indexOf(b.role));
}

/** Axis of values: everything that is drawn with its intervals, shares widened to whole tens of percent around one half. */
export function sizeDomain(lines: readonly SizeLine[], unit: SizeUnit): [number, number] {
  const ends = lines.flatMap((line) =>
    line.points.flatMap((p) =>
      line.role === 'rest' ? [p.value] : [p.value, p.low ?? p.value, p.high ?? p.value],
    ),
  );
  if (unit === 'loss') return [Math.min(...ends) * 0.92, Math.max(...ends) * 1.08];
  const low = Math.min(0.45, ...ends);
  const high = Math.max(0.55, ...ends);
  return [Math.max(0, Math.floor(low * 10 + 1e-9) / 10), Math.min(1, Math.ceil(high * 10 - 1e-9) / 10)];
}

export interface CrossoverRow {
  key: string;
  label: string;
  /** Where scratch catches up, with its interval. */
  words: string;
  named: boolean;
}

/** Whether both ends lie beyond the sizes, on one side: then there is nothing to say of an interval. */
const firm = ({ beyond }: Crossover): boolean => beyond.low !== null && beyond.low === beyond.high;

/** "21 images (14 to above 32)": an end beyond the sizes is named by the size that it lies beyond. */
function crossoverWords(crossover: Crossover, view: SizesView): string {
  const { state, images, low, high, beyond } = crossover;
  const whole = (n: number | null | undefined): string => count(Math.round(n ?? 0));
  const [first, last] = [whole(view.points[0]?.images), whole(view.points.at(-1)?.images)];
  const end = (value: number | null, side: 'below' | 'above' | null): string =>
    side === 'below' ? `below ${first}` : side === 'above' ? `above ${last}` : whole(value);
  const [from, to] = [end(low, beyond.low), end(high, beyond.high)];
  const range = firm(crossover) ? '' : ` (${from} to ${to})`;
  if (state === 'always') return `still ahead at ${last}${range}`;
  if (state === 'never') return `not ahead even at ${first}${range}`;
  return `${plural(Math.round(images ?? 0), 'image')}${range}`;
}

const reach = ({ state, images }: Crossover): number =>
  state === 'always' ? Number.POSITIVE_INFINITY : state === 'never' ? 0 : (images ?? 0);

/** Where scratch catches up with each transfer, latest first. */
export function crossoverRows(view: SizesView, name: Name): CrossoverRow[] {
  const named = namedTransfers(view);
  const known = new Map((view.points[0]?.candidates ?? []).map((c) => [c.key, c] as const));
  return [...view.crossovers]
    .sort((a, b) => reach(b) - reach(a) || gainAt(view, -1, b.key) - gainAt(view, -1, a.key))
    .map((c) => ({
      key: c.key,
      label: labelOf(known.get(c.key) ?? { kind: 'transfer', method: 'readout', sources: c.sources }, name),
      words: crossoverWords(c, view),
      named: named.includes(c.key),
    }));
}

export interface Crossing {
  images: number;
  /** Ends of the interval, cut to the sizes measured. */
  low: number;
  high: number;
}

/** The lead's crossover as it is drawn; null where its curve does not cross scratch's. */
export function leadCrossing(view: SizesView): Crossing | null {
  const lead = leadOf(view);
  const found = view.crossovers.find((c) => c.key === lead);
  const [first, last] = [view.points[0]?.images, view.points.at(-1)?.images];
  if (found?.images == null || first === undefined || last === undefined) return null;
  return { images: found.images, low: found.low ?? first, high: found.high ?? last };
}

/** What is missing before there is a curve; null when there is one. */
export function sizesMissing(view: SizesView): string | null {
  if (view.sizes.length < 2 || view.points.length >= 2) return null;
  const done = view.sizes.map((s) => `${s.done} of ${s.planned} at ${s.images}`).join(', ');
  return `The curves appear when two sizes are measured. Runs done: ${done} images.`;
}

/** For the line of a chart that is read aloud. */
export function sizesSummary(lines: readonly SizeLine[], unit: SizeUnit): string {
  const text = unit === 'loss' ? (x: number) => signed(x, 3) : (x: number) => percent(x);
  return lines
    .filter((line) => line.role !== 'rest')
    .map(({ label, points }) => {
      const [first, last] = [points[0], points.at(-1)];
      return `${label} ${text(first?.value ?? 0)} at ${first?.images}, ${text(last?.value ?? 0)} at ${last?.images} images`;
    })
    .join('; ');
}
