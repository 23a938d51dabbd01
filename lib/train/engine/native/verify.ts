import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TaskatlasError } from '@/lib/science/core/errors';
import { runCommand, tail } from './command';
import type { KnownAnswer } from './known-answer';
import type { EngineVariant } from './layout';

/** What a fresh process saw when it trained on an engine. */
export interface VerificationReport {
  readonly device: EngineVariant;
  readonly checked: number;
  readonly wrong: readonly KnownAnswer[];
  readonly steps: number;
  readonly tensorsLeaked: number;
  readonly firstLoss: number;
  readonly lastLoss: number;
  /** From the start of loading to the end of the known-answer step. */
  readonly startMilliseconds: number;
}

const here = dirname(fileURLToPath(import.meta.url));
const projectRoot = join(here, '../../../..');

/** Plain words for what is wrong with a report; empty when the engine can be used. */
export function faults(report: VerificationReport): string[] {
  const wrong = report.wrong.map(
    ({ what, expected, actual }) =>
      `${what}: expected ${expected.join(' ')}, got ${actual.join(' ') || 'nothing'}`,
  );
  if (report.tensorsLeaked !== 0)
    wrong.push(`${report.tensorsLeaked} tensors were left behind by ${report.steps} training steps`);
  // Also true for NaN.
  if (!(report.lastLoss < report.firstLoss))
    wrong.push(
      `${report.steps} training steps did not lower the loss (${report.firstLoss} → ${report.lastLoss})`,
    );
  return wrong;
}

/**
 * Trains on the engine in a process of its own: a step whose numbers were worked by hand, then `steps` steps that
 * must lower a loss and leave no tensor behind.
 * @throws TaskatlasError `unavailable` when the process crashes or a number is wrong.
 */
export async function verifyEngine(directory: string, steps = 100): Promise<VerificationReport> {
  const tsx = createRequire(import.meta.url).resolve('tsx');
  const result = await runCommand(
    process.execPath,
    ['--import', `file://${tsx}`, join(here, 'verify-child.ts'), directory, String(steps)],
    {
      cwd: projectRoot,
      env: { ...process.env, NODE_OPTIONS: '', TSX_TSCONFIG_PATH: join(projectRoot, 'tsconfig.json') },
      watch: (seconds) => (seconds > 300 ? 'no answer within five minutes' : null),
    },
  );
  if (result.code !== 0)
    throw new TaskatlasError(
      'unavailable',
      `The engine in ${directory} failed its training step (${result.stoppedBecause ?? `exit ${result.code ?? 'by a signal: it crashed'}`}):\n${tail(result.output)}`,
    );
  const report = JSON.parse(result.stdout.trim().split('\n').at(-1) ?? '') as VerificationReport;
  const wrong = faults(report);
  if (wrong.length > 0)
    throw new TaskatlasError(
      'unavailable',
      `The engine in ${directory} computes wrongly; it is not used.\n  ${wrong.join('\n  ')}`,
    );
  return report;
}
