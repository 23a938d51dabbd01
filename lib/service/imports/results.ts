import { createHash } from 'node:crypto';
import { TaskatlasError } from '@/lib/science/core';
import { readPickle } from './pickle';
import { TASKONOMY_NAMES, TASKONOMY_SOURCE_ONLY } from './taskonomy-names';
import { type TransfersDocument, transfersOf } from './transfers';

export const TASKONOMY_REPO = 'github.com/StanfordVL/taskonomy';
/** The last commit of the published results. */
const COMMIT = '9f814867b5fe4165860862211e8e99b0f200144d';

/** SHA-256 of the nine published files, by path below `results/`. */
const PUBLISHED: Readonly<Record<string, string>> = {
  'affinities/all_affinities.pkl': '6b2d42a7281fe4eac2f5f32499f12c3da63292d4a5d8f04bf1b8b97d9687260c',
  'affinities/all_affinities_16k.pkl': '33e57697e6f83c27a3a8cc4c80bdfa2f803ebd8d931710bdde52172ddf493f44',
  'affinities/all_affinities_1k.pkl': 'e797c4715f2523cedaa02a801b2e8197ab1347cb5f490d98731ba719e1b6d575',
  'winrates/wins_vs_pixels.pkl': '2314c14af45777437412632c9c409c15131e152abd108caaec4b820b23ab9f03',
  'winrates/wins_vs_pixels_16k.pkl': '34a3c471d8547ddd509cedb8d2d60f90e9b881c70f23cc91c4fc85e4e3852d75',
  'winrates/wins_vs_pixels_1k.pkl': 'd791aea296f4209b6beaf96f9c73ca1797d7f69e8bb1efc60061173aa0d19034',
  'winrates/wins_vs_task.pkl': '74123af8a3f228d5ab1a43f7d73b05e3adbc1e393ead8f3fe550e3bcffd0d016',
  'winrates/wins_vs_task_16k.pkl': '8cacb05abbf70a365da22b9b069143d404fda19631eaab4d14ac3b0508b40ac3',
  'winrates/wins_vs_task_1k.pkl': '71f1e96586da8af5a54f889b4d7296cdf1013d58deeb6cac1a83bad9fc5244cd',
};

/** Paths of the published files below `results/`. */
export const RESULT_FILES = Object.keys(PUBLISHED);

type Measure = 'affinity' | 'gain' | 'quality';

const MEASURE_OF: readonly (readonly [RegExp, Measure])[] = [
  [/all_affinities(?:_(\w+))?\.pkl$/, 'affinity'],
  [/wins_vs_pixels(?:_(\w+))?\.pkl$/, 'gain'],
  [/wins_vs_task(?:_(\w+))?\.pkl$/, 'quality'],
];

/** Files without a suffix are an earlier run over another dictionary, also with 16k training images. */
const EARLY = 'early16k';

interface ResultFile {
  path: string;
  measure: Measure;
  regime: string;
  /** Whether its bytes are those that were published. */
  original: boolean;
  entries: ReadonlyMap<string, number>;
}

/** Between the tasks of a key. */
const JOINT = '__';

const quoted = (key: string): string => JSON.stringify(key.length > 120 ? `${key.slice(0, 120)}…` : key);

/** The entries of one pickle: `{"s1__…__sk__TARGET": share}`. Errors name the file. */
function entriesOf(path: string, bytes: Uint8Array): ReadonlyMap<string, number> {
  const bad = (why: string, cause?: unknown): TaskatlasError =>
    new TaskatlasError('invalid-input', `${path}: ${why}`, { cause });
  let value: ReturnType<typeof readPickle>;
  try {
    value = readPickle(bytes);
  } catch (error) {
    throw error instanceof TaskatlasError ? bad(error.message, error) : error;
  }
  if (!(value instanceof Map)) throw bad('the pickle holds no dict of transfers');
  if (value.size === 0) throw bad('the pickle holds an empty dict: there are no transfers in it');
  for (const [key, share] of value) {
    if (typeof key !== 'string') throw bad('a key is not text; keys are "source__…__target"');
    const parts = key.split(JOINT);
    if (parts.length < 2 || parts.includes(''))
      throw bad(`the key ${quoted(key)} is not "source__…__target"`);
    if (typeof share !== 'number' || !(share >= 0 && share <= 1))
      throw bad(`the value of ${quoted(key)} is not a share between 0 and 1`);
  }
  return value as ReadonlyMap<string, number>;
}

function resultFile(path: string, bytes: Uint8Array): ResultFile | null {
  for (const [pattern, measure] of MEASURE_OF) {
    const match = pattern.exec(path);
    if (!match) continue;
    const published = RESULT_FILES.find((known) => path.endsWith(known));
    const hash = createHash('sha256').update(bytes).digest('hex');
    return {
      path,
      measure,
      regime: match[1] ?? EARLY,
      original: published !== undefined && PUBLISHED[published] === hash,
      entries: entriesOf(path, bytes),
    };
  }
  return null;
}

/** Win rates as if they had been written into one file: one transfer per key of any of the regime's files. */
function transfersIn(files: readonly ResultFile[]) {
  const keys = [...new Set(files.flatMap((file) => [...file.entries.keys()]))].sort();
  return keys.map((key) => {
    const parts = key.split(JOINT);
    const value = (measure: Measure): number | null =>
      files.find((file) => file.measure === measure)?.entries.get(key) ?? null;
    return {
      target: parts.at(-1) as string,
      sources: parts.slice(0, -1),
      affinity: value('affinity'),
      gain: value('gain'),
      quality: value('quality'),
    };
  });
}

/** One regime of the published results. */
export interface PublishedResults {
  document: TransfersDocument;
  /** Files that are not byte for byte those that were published. */
  altered: readonly string[];
  /** Files of the regime that are not there. */
  absent: readonly string[];
}

/**
 * The published Taskonomy results, one document per regime (`16k`, `1k`, `early16k`), from their pickles by path.
 * Other files are ignored; a regime may lack a file, and then lacks that measure.
 * @throws TaskatlasError `invalid-input` naming the file, `not-found` when none is there.
 */
export function publishedResults(files: ReadonlyMap<string, Uint8Array>): PublishedResults[] {
  const read = [...files].flatMap(([path, bytes]) => resultFile(path, bytes) ?? []);
  if (read.length === 0) {
    throw new TaskatlasError(
      'not-found',
      `There are no published results: none of ${RESULT_FILES.slice(0, 2).join(', ')}, … is there.`,
    );
  }
  const regimes = [...new Set(read.map((file) => file.regime))].sort();
  return regimes.map((regime) => {
    const own = read.filter((file) => file.regime === regime);
    const altered = own.filter((file) => !file.original).map((file) => file.path);
    const transfers = transfersIn(own);
    const seen = new Set(transfers.flatMap((transfer) => transfer.sources));
    return {
      document: transfersOf(
        {
          repo: TASKONOMY_REPO,
          commit: altered.length === 0 ? COMMIT : '',
          licence: 'MIT (repo LICENSE)',
          regime,
          task_names: TASKONOMY_NAMES,
          targets: [...new Set(transfers.map((transfer) => transfer.target))].sort(),
          source_only: TASKONOMY_SOURCE_ONLY.filter((task) => seen.has(task)),
          transfers,
        },
        () => regime,
      ),
      altered,
      absent: MEASURE_OF.map(([, measure]) => measure).filter(
        (measure) => !own.some((file) => file.measure === measure),
      ),
    };
  });
}
