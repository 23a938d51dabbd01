import { createHash } from 'node:crypto';
import { MessageChannel } from 'node:worker_threads';
import { TaskatlasError } from '@/lib/science/core';
import type { PolicyRequest } from '../../views';
import { answerTo } from '../problems';
import type { StoredQuestion, Threads, ViewName } from '../threads/questions';
import { type Cockpit, createFlights, type Flight } from './flights';
import { createShelf, decompress, type Packed } from './shelf';
import type { Versions } from './versions';

/** Which view, of which sweeps, and what else is asked. */
export interface Question {
  view: ViewName | 'policyCurve';
  /** Ids, numbers or `latest`. */
  sweeps: readonly string[];
  args: readonly unknown[];
}

/** A question with the versions that it is asked of. */
export interface TaggedQuestion extends StoredQuestion {
  view: Question['view'];
  args: readonly unknown[];
  /** Names the answer: the same tag, the same bytes. */
  tag: string;
}

/** Questions about results: computed once per version in a thread, kept, and sent as they are. */
export interface Answers {
  /** The question as of now; reads nothing but versions. Throws `not-found`. */
  ask(question: Question): Promise<TaggedQuestion>;
  /** `gone` aborts when the one who asked has left. */
  answer(question: TaggedQuestion, gone: AbortSignal): Promise<Packed>;
  /** The lines of a curve, those that are there and then each as it is solved; a problem is the last line. */
  curve(question: TaggedQuestion, gone: AbortSignal): ReadableStream<Uint8Array>;
}

interface AnswerDeps {
  versions: Versions;
  threads: Threads;
  /** Names the code that computes: what another build answered is not kept for this one. */
  build: string;
}

const digest = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('base64url').slice(0, 22);

export function createAnswers({ versions, threads, build }: AnswerDeps): Answers {
  const shelf = createShelf();
  const flights = createFlights<Packed>();
  const compute = async (question: TaggedQuestion, cockpit: Cockpit): Promise<Packed> => {
    const { tag, view, args, sweeps, key, version } = question;
    const stored = { sweeps, key, version };
    if (view === 'policyCurve') {
      const request = (args[0] ?? {}) as Partial<PolicyRequest>;
      return shelf.put(tag, await solveCurve(threads, stored, request, cockpit));
    }
    const asked = { ...stored, view, args };
    const bytes = view === 'policy' ? threads.policy(asked, cockpit.left) : threads.view(asked);
    return shelf.put(tag, await bytes);
  };
  return {
    async ask({ view, sweeps, args }) {
      const found = await Promise.all(sweeps.map(versions.of));
      const at = found.map(({ id, version }) => ({ id, version }));
      const version = `${at.map((sweep) => sweep.version).join('.')}-${build}`;
      const key = digest([view, at.map(({ id }) => id), args.map((arg) => arg ?? null)]);
      return { view, args, sweeps: at, key, version, tag: `W/"${version}-${key}"` };
    },
    async answer(question, gone) {
      const known = shelf.get(question.tag);
      if (known) return known;
      try {
        return await flights.join(question.tag, gone, (cockpit) => compute(question, cockpit)).result;
      } catch (error) {
        throw gone.aborted ? new TaskatlasError('cancelled', 'The request was ended.') : error;
      }
    },
    curve(question, gone) {
      const known = shelf.get(question.tag);
      const left = new AbortController();
      const either = AbortSignal.any([gone, left.signal]);
      const flight: Flight<Packed> = known
        ? { result: Promise.resolve(known), lines: [], listeners: new Set() }
        : flights.join(question.tag, either, (cockpit) => compute(question, cockpit));
      return linesOf(flight, () => left.abort());
    },
  };
}

/** Solves a curve in a thread and tells each line; those of a kept curve all at its end. */
async function solveCurve(
  threads: Threads,
  stored: StoredQuestion,
  request: Partial<PolicyRequest>,
  { left, tell }: Cockpit,
): Promise<Uint8Array> {
  const { port1: here, port2: lines } = new MessageChannel();
  here.on('message', tell);
  try {
    return await threads.curve({ ...stored, request, lines }, left);
  } finally {
    here.close();
  }
}

const problemLine = (error: unknown): string => `${JSON.stringify(answerTo(error).problem)}\n`;

/** The lines of a flight as bytes; `leave` is called when their reader is gone. */
function linesOf(flight: Flight<Packed>, leave: () => void): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let hear: (line: string) => void = () => undefined;
  let open = true;
  return new ReadableStream<Uint8Array>({
    start(controller) {
      let sent = 0;
      hear = (line) => {
        if (!open) return;
        sent += 1;
        controller.enqueue(encoder.encode(line));
      };
      for (const line of flight.lines) hear(line);
      flight.listeners.add(hear);
      const end = async (): Promise<void> => {
        const { gzip } = await flight.result;
        flight.listeners.delete(hear);
        // A kept curve told nothing, and the last lines of a new one may still be on their way.
        const lines = (await decompress(gzip)).toString().split(/(?<=\n)/);
        for (const line of lines.slice(sent)) hear(line);
      };
      end()
        .catch((error: unknown) => hear(problemLine(error)))
        .finally(() => {
          if (open) controller.close();
          open = false;
        });
    },
    cancel() {
      open = false;
      flight.listeners.delete(hear);
      leave();
    },
  });
}
