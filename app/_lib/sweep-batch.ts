import {
  type BatchPlanView,
  type PlanView,
  type Problem,
  SWEEP_BATCH_MAX_FILES,
  SWEEP_FILE_MAX_BYTES,
  type SweepBatch,
} from '@/lib/service/contracts';
import { ApiError } from './api';

type Issues = Problem['error']['issues'];

/** One sweep file: the name by which errors speak of it, and its text. */
export type SweepText = SweepBatch['files'][number];

/** A file as the browser hands it over, not yet read. */
interface Unread {
  name: string;
  size: number;
  text: () => Promise<string>;
}

/** Reads files from disk. One that is too large is named and left out, unread. */
export async function readFiles(files: readonly Unread[]): Promise<{ read: SweepText[]; refused: string[] }> {
  const fits = files.filter(({ size }) => size <= SWEEP_FILE_MAX_BYTES);
  const refused = files
    .filter((file) => !fits.includes(file))
    .map(
      ({ name, size }) =>
        `${name} has ${Math.ceil(size / 1024)} KB; a sweep file may have at most ${SWEEP_FILE_MAX_BYTES / 1024} KB.`,
    );
  const read = await Promise.all(fits.map(async (file) => ({ name: file.name, text: await file.text() })));
  return { read, refused };
}

/**
 * Files added to those that are there. A file of a name that is there takes its place (a person mends a file and
 * drops it again); what is beyond the most that a batch may have is named.
 */
export function mergeFiles(
  have: readonly SweepText[],
  added: readonly SweepText[],
): { files: SweepText[]; refused: string[] } {
  const all = [...new Map([...have, ...added].map((file) => [file.name, file] as const)).values()];
  const refused = all
    .slice(SWEEP_BATCH_MAX_FILES)
    .map(({ name }) => `${name} is left out: at most ${SWEEP_BATCH_MAX_FILES} files go together.`);
  return { files: all.slice(0, SWEEP_BATCH_MAX_FILES), refused };
}

/** Issues by file, with paths inside the file ("a.yaml: tasks[1]" → "tasks[1]"); `rest` belongs to no file. */
export function issuesByFile(
  names: readonly string[],
  issues: Issues,
): { files: Map<string, Issues>; rest: Issues } {
  const files = new Map<string, Issues>();
  const rest: Issues = [];
  // The longest name first: "a: b.yaml" must not be taken for a field of a file "a".
  const longest = [...names].sort((a, b) => b.length - a.length);
  for (const issue of issues) {
    const name = longest.find((n) => issue.path === n || issue.path.startsWith(`${n}: `));
    if (name === undefined) rest.push(issue);
    else files.set(name, [...(files.get(name) ?? []), { ...issue, path: issue.path.slice(name.length + 2) }]);
  }
  return { files, rest };
}

/** What is known of a batch before it is submitted. */
export interface BatchPlan {
  /** Plans of the files that are right; null where none is. */
  view: BatchPlanView | null;
  /** Why the batch as it stands would be refused; null when all files are right. */
  refused: { message: string; issues: Issues } | null;
}

/**
 * A dry run of a batch. When files are refused, those that are right are planned alone, so that a person sees their
 * price while mending the others.
 * @throws ApiError when the refusal is about no file
 */
export async function planGood(
  files: readonly SweepText[],
  plan: (files: readonly SweepText[]) => Promise<BatchPlanView>,
): Promise<BatchPlan> {
  try {
    return { view: await plan(files), refused: null };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const { message, issues } = error;
    const wrong = issuesByFile(
      files.map(({ name }) => name),
      issues,
    ).files;
    if (wrong.size === 0) throw error;
    const good = files.filter(({ name }) => !wrong.has(name));
    return { view: good.length === 0 ? null : await plan(good), refused: { message, issues } };
  }
}

/** Runs that no sweep has made or will make already. */
export const newRuns = (plan: Pick<PlanView, 'total' | 'reused'>): number => plan.total - plan.reused;
