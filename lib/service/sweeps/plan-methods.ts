import type { MethodCase, MethodRuns } from '@/lib/science/catalog/method-declaration';
import { candidateKey, methodById, optionsOf } from '@/lib/science/catalog/methods';
import {
  type FieldIssue,
  type MemberRef,
  type SourceRef,
  TaskatlasError,
  type TaskId,
} from '@/lib/science/core';
import type { SweepMethod } from '../contracts';

/** One transfer of a target's tournament before it has a recipe. */
export interface TransferWish {
  method: SweepMethod;
  sources: readonly SourceRef[];
  members: readonly MemberRef[];
}

/** What a target's transfers of one seed and one size can be made from. */
export interface Sources {
  target: TaskId;
  /** Labelled images. */
  images: number;
  /** In the order of the sweep. */
  sources: readonly TaskId[];
  /** Those that come from outside. */
  foreign: readonly TaskId[];
  /** Fingerprints of the finished encoders of this seed. */
  trained: ReadonlyMap<TaskId, string>;
}

const runsOf = (method: SweepMethod): MethodRuns =>
  methodById(method.method).runs?.(optionsOf(method.method, method.options)) ?? {
    sources: 'each',
    members: null,
  };

const memberNames = (method: SweepMethod): readonly string[] => runsOf(method).members ?? [];

/** Why one method of the sweep cannot learn from another, or null. */
const refusal = (method: SweepMethod, member: SweepMethod): string | null =>
  methodById(method.method).refuses?.(optionsOf(method.method, method.options), {
    id: member.method,
    options: optionsOf(member.method, member.options),
  }) ?? null;

/** Whom a method of the sweep calls by id, label or bare name. */
const named = (methods: readonly SweepMethod[], name: string): SweepMethod | undefined =>
  methods.find((m) => m.id === name || m.label === name) ?? methods.find((m) => m.method === name);

/**
 * Methods in an order in which members come before those that learn from them, with members named by their ids.
 * @throws TaskatlasError `invalid-input` naming members that the sweep does not have or that do not fit, and circles.
 */
export function orderMethods(methods: readonly SweepMethod[]): SweepMethod[] {
  const issues: FieldIssue[] = [];
  const done: SweepMethod[] = [];
  let left = methods.map((method, i) => ({ method, i }));
  while (left.length > 0) {
    const ready = left.filter(({ method }) =>
      memberNames(method).every((name) => {
        const member = named(methods, name);
        return !member || done.includes(member);
      }),
    );
    if (ready.length === 0) {
      const circle = left.map(({ method }) => method.label).join(', ');
      issues.push({
        path: `methods[${left[0]?.i}]`,
        message: `these methods learn from each other: ${circle}`,
      });
      break;
    }
    for (const { method, i } of ready) {
      for (const name of memberNames(method)) {
        const member = named(methods, name);
        const known = methods.map((m) => m.label).join(', ');
        const message = member
          ? refusal(method, member)
          : `learns from "${name}", which this sweep does not have: add it to methods (${known})`;
        if (message !== null) issues.push({ path: `methods[${i}]`, message });
      }
      done.push(method);
    }
    left = left.filter((entry) => !ready.includes(entry));
  }
  if (issues.length > 0)
    throw new TaskatlasError('invalid-input', 'The methods cannot be planned.', { issues });
  return done;
}

/** What is not planned, in words, with the reason where one is known. */
const leftOut = (method: SweepMethod, target: TaskId, images: number, why: string): string =>
  `${method.label} → ${target} at ${images} images${why === '' ? '' : ` (${why})`}`;

/** Methods that can serve a case, and words for those that cannot, with the reason where one is known. */
export function servable(
  methods: readonly SweepMethod[],
  target: TaskId,
  asked: MethodCase,
): { methods: readonly SweepMethod[]; skipped: readonly string[] } {
  const able: SweepMethod[] = [];
  const skipped: string[] = [];
  for (const method of methods) {
    const options = optionsOf(method.method, method.options);
    const answer = methodById(method.method).serves?.(asked, options) ?? true;
    if (answer === true) able.push(method);
    else skipped.push(leftOut(method, target, asked.images, answer === false ? '' : answer));
  }
  return { methods: able, skipped };
}

/** Whether a method of the sweep needs the inside of its sources' encoders. */
const opensEncoders = ({ method, options }: Pick<SweepMethod, 'method' | 'options'>): boolean =>
  methodById(method).opens?.(optionsOf(method, options)) ?? false;

const outsideWords = (sources: readonly TaskId[]): string =>
  `not from ${sources.join(' and ')}: of what comes from outside the code can be read, but nothing inside`;

/** Why a method that serves a target has no run. */
function lackOf(method: SweepMethod): string {
  const { sources, members } = runsOf(method);
  if (sources === 'self') return 'the target has no network of its own here';
  return members === null ? 'it has no source' : `no transfer by ${members.join(' or ')} is planned for it`;
}

/**
 * Every transfer of one target: methods × sources, members first.
 * @param methods as `orderMethods` gives them
 * @param add plans the transfer and answers its fingerprint
 * @returns words for methods of which nothing could be planned
 */
export function planMethods(
  methods: readonly SweepMethod[],
  { target, images, sources, foreign, trained }: Sources,
  add: (wish: TransferWish) => string,
): string[] {
  const skipped: string[] = [];
  const planned = new Map<string, { key: string; fingerprint: string; sources: readonly TaskId[] }[]>();
  const ref = (task: TaskId): SourceRef[] => {
    const fingerprint = trained.get(task);
    return fingerprint === undefined ? [] : [{ task, fingerprint }];
  };
  for (const method of methods) {
    const { id } = method;
    const { needs } = methodById(method.method);
    const { sources: each, members } = runsOf(method);
    const closed = opensEncoders(method) ? sources.filter((task) => foreign.includes(task)) : [];
    const mine = sources.filter((task) => (method.sources?.includes(task) ?? true) && !closed.includes(task));
    const outside = method.sources?.filter((task) => closed.includes(task)) ?? closed;
    if (outside.length > 0) skipped.push(leftOut(method, target, images, outsideWords(outside)));
    const sets: Record<typeof each, readonly (readonly TaskId[])[]> = {
      each: mine.map((task) => [task]),
      joined: [mine.filter((task) => task !== target)],
      self: [[target]],
      none: [[]],
    };
    for (const set of sets[each]) {
      const refs = set.flatMap(ref);
      if (refs.length < set.length) continue;
      const teachers = (members ?? []).flatMap((name) =>
        (planned.get(named(methods, name)?.id ?? '') ?? []).filter((run) =>
          run.sources.every((task) => set.includes(task)),
        ),
      );
      if (members !== null && teachers.length === 0) continue;
      // Sources that no member learned from have no part in what the members teach, unless their codes are read too.
      const used = (task: TaskId): boolean =>
        members === null ||
        needs.includes('features') ||
        teachers.some((teacher) => teacher.sources.includes(task));
      const behind = set.filter(used);
      const key = candidateKey(id, behind);
      const known = planned.get(id) ?? [];
      if (known.some((run) => run.key === key)) continue;
      const fingerprint = add({
        method,
        sources: refs.filter(({ task }) => used(task)),
        members: teachers.map(({ key: name, fingerprint: member }) => ({ key: name, fingerprint: member })),
      });
      planned.set(id, [...known, { key, fingerprint, sources: behind }]);
    }
    if (!planned.has(id) && outside.length === 0)
      skipped.push(leftOut(method, target, images, lackOf(method)));
  }
  return skipped;
}
