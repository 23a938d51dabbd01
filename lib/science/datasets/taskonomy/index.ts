import { join } from 'node:path';
import { taskonomyTasks } from '../../catalog/tasks-taskonomy';
import {
  createRng,
  type DatasetSpec,
  hash32,
  type PoolName,
  type PoolSizes,
  TaskatlasError,
} from '../../core';
import { assemble } from '../assemble';
import type { Dataset } from '../dataset';
import {
  type Choice,
  choose,
  type FolderItem,
  type FolderRules,
  MAX_PICTURE_BYTES,
  type OnError,
} from '../folders/choose';
import { readRegularFile } from '../folders/regular-file';
import { type FolderSource, openFolderStore, rememberedChoice } from '../folders/store';
import { checkDomain, decodeDomain, responseValues, sectionsOf } from './decode';
import { domainOf } from './domains';
import { SCALED_DOMAINS, type TaskonomyRecord, taskonomyLabels } from './labels';
import { type Scan, scanTaskonomy } from './scan';

export type TaskonomySpec = Extract<DatasetSpec, { kind: 'taskonomy' }>;

/** Raised by hand when the same files would give other pictures, labels or pools. */
export const TASKONOMY_VERSION = 2;

export interface TaskonomyInput {
  directory: string;
  seed: number;
  size: number;
  pools: PoolSizes;
  /** Narrows what every image must have; all domains of the folder by default. */
  domains?: readonly string[] | undefined;
  onError: OnError;
}

/** Pools in the order in which buildings are dealt when there is no split file. */
const DEALT: readonly PoolName[] = ['test', 'selection', 'transfer', 'source'];

const shuffled = <T>(items: readonly T[], ...key: (string | number)[]): T[] =>
  [...createRng(...key).permutation(items.length)].map((i) => items[i] as T);

/** Which pool each building serves: by the split file, else by a seeded shuffle in proportion to what is wanted. */
function dealBuildings(scan: Scan, input: TaskonomyInput): Record<PoolName, string[]> {
  const counts = new Map<string, number>();
  for (const { scene } of scan.items) counts.set(scene, (counts.get(scene) ?? 0) + 1);
  const order = shuffled([...counts.keys()].sort(), 'taskonomy buildings', input.seed);
  const out: Record<PoolName, string[]> = { source: [], transfer: [], selection: [], test: [] };
  const splitOf = (building: string) => scan.splits.get(building.split('/').at(-1) ?? '');
  const listed = scan.splits.size > 0;
  const size = (building: string): number => counts.get(building) ?? 0;
  const deal = (pools: readonly PoolName[], buildings: readonly string[]): void => {
    const wanted = pools.reduce((sum, pool) => sum + input.pools[pool], 0);
    const images = buildings.reduce((sum, building) => sum + size(building), 0);
    let at = 0;
    let dealt = 0;
    let due = 0;
    pools.forEach((pool, p) => {
      due += (input.pools[pool] / wanted) * images;
      const left = pools.length - 1 - p;
      // every pool gets a building; the last one gets what is left
      while (at < buildings.length - left) {
        const building = buildings[at] as string;
        if (left > 0 && out[pool].length > 0 && dealt + size(building) / 2 > due) break;
        out[pool].push(building);
        dealt += size(building);
        at++;
      }
    });
  };
  if (!listed) deal(DEALT, order);
  else {
    out.test = order.filter((b) => splitOf(b) === 'test');
    out.selection = order.filter((b) => splitOf(b) === 'val');
    deal(
      ['transfer', 'source'],
      order.filter((b) => splitOf(b) === 'train'),
    );
  }
  return out;
}

/** Views of a pool's buildings in turn, so that few images still come from many buildings. */
function* viewsOf(scan: Scan, buildings: readonly string[], seed: number): Generator<FolderItem> {
  const queues = buildings.map((building) =>
    shuffled(
      scan.items.filter((item) => item.scene === building).sort((a, b) => (a.id < b.id ? -1 : 1)),
      'taskonomy views',
      seed,
      building,
    ),
  );
  for (let i = 0; queues.some((queue) => i < queue.length); i++) {
    for (const queue of queues) {
      const item = queue[i];
      if (item) yield item;
    }
  }
}

function domainsOf(scan: Scan, input: TaskonomyInput): string[] {
  const wanted = input.domains ?? scan.domains;
  const unknown = wanted.filter((id) => !scan.domains.includes(id));
  if (unknown.length > 0 || !scan.domains.includes('rgb')) {
    const message = `${input.directory} has no ${[...unknown, 'rgb'][0]}; it has ${scan.domains.join(', ')}.`;
    throw new TaskatlasError('invalid-input', message, { issues: [{ path: 'dataset.domains', message }] });
  }
  return scan.domains.filter((id) => id === 'rgb' || wanted.includes(id));
}

async function chooseImages(scan: Scan, input: TaskonomyInput, domains: readonly string[]): Promise<Choice> {
  const rules: FolderRules = { directory: input.directory, domains, reading: 'PNG', check: checkDomain };
  const buildings = dealBuildings(scan, input);
  const candidates = (pool: PoolName) => viewsOf(scan, buildings[pool], input.seed);
  return await choose(
    rules,
    {
      source: candidates('source'),
      transfer: candidates('transfer'),
      selection: candidates('selection'),
      test: candidates('test'),
    },
    input.pools,
    input.onError,
  );
}

const SCALE_IMAGES = 16;

/** 99th percentile of each response over some images of the source pool, at least 1. */
async function scalesOf(
  choice: Choice,
  directory: string,
  domains: readonly string[],
): Promise<Record<string, number>> {
  const scales: Record<string, number> = {};
  for (const id of SCALED_DOMAINS.filter((domain) => domains.includes(domain))) {
    const values: number[] = [];
    for (const item of choice.pools.source.slice(0, SCALE_IMAGES)) {
      const { data } = await responseValues(
        readRegularFile(join(directory, item.files[id] ?? ''), MAX_PICTURE_BYTES),
      );
      const step = Math.max(1, Math.floor(data.length / 4096));
      for (let i = 0; i + step <= data.length; i += step) values.push(data[i] as number);
    }
    values.sort((a, b) => a - b);
    scales[id] = Math.max(1, values[Math.floor(0.99 * values.length)] ?? 1);
  }
  return scales;
}

/**
 * Reads a folder through once: which images each pool has, and what identifies them. Buildings are never shared by two
 * pools.
 * @throws TaskatlasError `not-found`, `invalid-input` (too few images), `data` (files that cannot be used).
 */
export async function resolveTaskonomy(input: TaskonomyInput): Promise<TaskonomySpec> {
  const { directory, seed, size, pools, onError } = input;
  const scan = scanTaskonomy(directory);
  const domains = domainsOf(scan, input);
  const choice = await chooseImages(scan, input, domains);
  return {
    kind: 'taskonomy',
    version: TASKONOMY_VERSION,
    seed,
    size,
    pools,
    directory,
    manifest: choice.manifest,
    domains,
    scales: await scalesOf(choice, directory, domains),
    onError,
    skipped: choice.skipped,
  };
}

/** The decoded images that a spec stands for. */
export async function taskonomySource(spec: TaskonomySpec, cacheDirectory: string): Promise<FolderSource> {
  if (spec.version !== TASKONOMY_VERSION) {
    throw new TaskatlasError(
      'invalid-input',
      `This build reads Taskonomy folders of version ${TASKONOMY_VERSION}, not ${spec.version}.`,
    );
  }
  const name = `taskonomy-v${spec.version}-${spec.manifest.slice(0, 24)}-${spec.size}px`;
  const choice = await rememberedChoice(cacheDirectory, name, spec.manifest, () =>
    chooseImages(scanTaskonomy(spec.directory), spec, spec.domains),
  );
  return {
    directory: spec.directory,
    name,
    choice,
    sections: sectionsOf(spec.domains, spec.size),
    decode: (domain, bytes) => decodeDomain(domain, bytes, spec.size),
  };
}

/** Open a folder in the Taskonomy or Omnidata layout. */
export async function openTaskonomy(
  spec: TaskonomySpec,
  { cacheDirectory }: { cacheDirectory: string },
): Promise<Dataset> {
  const source = await taskonomySource(spec, cacheDirectory);
  const store = await openFolderStore(cacheDirectory, source);
  const { pools } = source.choice;
  const buildings = [...new Set(Object.values(pools).flatMap((items) => items.map((item) => item.scene)))];
  const number = new Map(buildings.map((building, i) => [building, i]));
  const item = (pool: PoolName, index: number) => {
    const found = pools[pool][index];
    if (!found) throw new TaskatlasError('invalid-input', `The ${pool} pool has no image ${index}.`);
    return found;
  };
  return assemble<TaskonomyRecord>({
    spec,
    tasks: taskonomyTasks(spec.domains),
    labellers: taskonomyLabels(spec.domains, spec.scales),
    record: (pool, index) => ({
      size: spec.size,
      get rgb() {
        return store.read(pool, index, 'rgb');
      },
      has: (domain) => spec.domains.includes(domain) && domainOf(domain) !== undefined,
      read: (domain) => store.read(pool, index, domain),
    }),
    scene: (pool, index) => number.get(item(pool, index).scene) ?? -1,
    key: (pool, index) => hash32('taskonomy input', spec.seed, item(pool, index).id),
    contentHash: () => spec.manifest,
  });
}
