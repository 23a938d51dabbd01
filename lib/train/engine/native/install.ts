import { existsSync, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { TaskatlasError } from '@/lib/science/core/errors';
import { buildBinding, buildOperations, fetchPackages } from './build';
import { stoppable } from './command';
import { gatherFacts, type MachineFacts } from './facts';
import {
  directoryName,
  type EngineRecord,
  enginesHome,
  type InstalledEngine,
  packageDirectory,
  packageName,
} from './layout';
import { createStaging, listEngines, moveIntoPlace, projectTfjsVersion, writeRecord } from './locate';
import { type InstallPlan, type InstallRequest, planInstall, wheelRequirements } from './plan';
import { clearVendor, tryVendor } from './vendor';
import { type VerificationReport, verifyEngine } from './verify';
import { checkCuda, downloadWheel, type Say, unpackCuda, unpackTensorflow } from './wheel';

export interface InstallOptions extends InstallRequest {
  readonly home?: string;
  /** Build again even when a fitting engine is there. */
  readonly force?: boolean;
  /** Seconds without a byte after which the vendor's download is given up. */
  readonly patience?: number;
}

export interface InstallResult extends InstalledEngine {
  /** False when a fitting engine was there already. */
  readonly installed: boolean;
}

interface Work {
  readonly options: InstallOptions;
  readonly plan: InstallPlan;
  readonly facts: MachineFacts;
  readonly staging: string;
  readonly tfjs: string;
  readonly say: Say;
}

type Provenance = Pick<EngineRecord, 'origin' | 'source' | 'builtWith' | 'tensorflow'>;

interface Finished extends Provenance {
  readonly report: VerificationReport;
}

const isCancelled = (error: unknown): boolean =>
  error instanceof TaskatlasError && error.code === 'cancelled';
const message = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function verified(work: Work, provenance: Provenance): Promise<Finished> {
  work.say("Building Taskatlas's own operations (normalisation, bias with activation) …");
  const lacking = await buildOperations(work.facts, work.options.variant, work.staging);
  if (lacking !== null) work.say(`  left out, training goes on without them: ${lacking}`);
  work.say('Verifying: a training step with a known answer, then 100 steps …');
  const report = await verifyEngine(work.staging);
  work.say(
    `  ${report.checked} numbers as worked by hand, loss ${report.firstLoss.toFixed(4)} → ${report.lastLoss.toFixed(4)}, no tensor left behind, on the ${report.device === 'gpu' ? 'GPU' : 'processor'}`,
  );
  return { ...provenance, report };
}

/** The vendor's way. Null, after saying why, when it does not end in an engine that works. */
async function byVendor(work: Work): Promise<Finished | null> {
  const { variant } = work.options;
  work.say("Trying the vendor's own download (libtensorflow 2.9.1 and a prebuilt binding) …");
  const outcome = await tryVendor(work.facts, variant, work.staging, work.options.patience ?? 20);
  if (!outcome.ok) {
    work.say(`  not to be had here: ${outcome.reason}`);
    return null;
  }
  try {
    const finished = await verified(work, {
      origin: 'vendor',
      source: `libtensorflow ${outcome.tensorflow}`,
      builtWith: "vendor's binary",
      tensorflow: outcome.tensorflow,
    });
    // The vendor's GPU build wants CUDA 11.2; where it finds none it quietly computes on the processor.
    if (variant === 'cpu' || finished.report.device === 'gpu') return finished;
    work.say(
      "  it downloaded, but finds no GPU that it can use (it wants CUDA 11.2 and cuDNN 8.1); taking TensorFlow's wheel instead",
    );
  } catch (error) {
    if (isCancelled(error)) throw error;
    work.say(`  it downloaded, but does not work here: ${message(error)}`);
  }
  clearVendor(work.staging, variant);
  return null;
}

async function byWheel(work: Work): Promise<Finished> {
  const { options, plan, facts, staging, say } = work;
  if (plan.build === null || facts.python === null)
    throw new TaskatlasError(
      'unavailable',
      `The engine cannot be built from a TensorFlow wheel here:\n  - ${plan.blockers.join('\n  - ')}`,
    );
  const downloads = join(staging, 'downloads');
  const given = options.wheel;
  say(
    given === null
      ? 'Downloading a TensorFlow wheel from the Python registry (cpu 274 MB, gpu 572 MB) …'
      : `Taking ${given} …`,
  );
  const wheel =
    given === null ? await downloadWheel(facts.python, plan.wheels, downloads, say) : resolve(given);
  if (!existsSync(wheel)) throw new TaskatlasError('not-found', `There is no wheel at ${wheel}.`);
  say(`Unpacking libtensorflow and its headers from ${basename(wheel)} …`);
  const directory = packageDirectory(staging, options.variant);
  const metadata = await unpackTensorflow(facts.python, wheel, directory);
  if (given === null) rmSync(wheel);
  if (options.variant === 'gpu') {
    say('Fetching the CUDA libraries that this TensorFlow names (about 2.5 GB) …');
    const tags = wheelRequirements('gpu', metadata.version, facts.arch)[1]?.tags ?? [];
    await unpackCuda({
      python: facts.python,
      requires: metadata.requires,
      tags,
      beside: given === null ? null : dirname(wheel),
      downloads,
      packageDirectory: directory,
      say,
    });
    await checkCuda(directory);
  }
  say(
    `Building the binding of ${packageName(options.variant)} ${work.tfjs} against libtensorflow ${metadata.version} (${plan.build}) …`,
  );
  const builtWith = await buildBinding(facts, plan.build, options.variant, staging, say);
  return verified(work, {
    origin: 'wheel',
    source: basename(wheel),
    builtWith,
    tensorflow: metadata.version,
  });
}

/** What is not needed once the engine runs: archives, object files, sources. */
function tidy(work: Work): void {
  const directory = packageDirectory(work.staging, work.options.variant);
  const doomed = [
    join(work.staging, 'downloads'),
    join(work.staging, 'dependencies'),
    join(work.staging, 'node-api-headers'),
    join(directory, 'build'),
    join(directory, 'src'),
  ];
  for (const entry of readdirSync(work.staging))
    if (entry.endsWith('.tgz')) doomed.push(join(work.staging, entry));
  for (const path of doomed) rmSync(path, { recursive: true, force: true });
}

function finish(work: Work, home: string, finished: Finished): InstalledEngine {
  const { variant } = work.options;
  const { report, ...provenance } = finished;
  const record: EngineRecord = {
    format: 1,
    tfjs: work.tfjs,
    variant,
    ...provenance,
    createdAt: new Date().toISOString(),
    verified: {
      at: new Date().toISOString(),
      node: process.version,
      device: report.device,
      steps: report.steps,
      tensorsLeaked: report.tensorsLeaked,
      startMilliseconds: report.startMilliseconds,
    },
  };
  tidy(work);
  writeRecord(work.staging, record);
  const directory = join(home, directoryName(record));
  moveIntoPlace(work.staging, directory);
  return { directory, record };
}

/** An engine that already serves the request: reused by every clone unless `force`. */
function findFitting(options: InstallOptions, home: string, tfjs: string): InstalledEngine | undefined {
  return listEngines(home).find(({ record }) => record.tfjs === tfjs && record.variant === options.variant);
}

/**
 * Installs a native engine: the vendor's download if it can be had, else the npm package's own binding built from
 * source against the libraries of a TensorFlow wheel. The engine is verified in a staging folder and appears under
 * its name only when it works. Every step is told through `say`.
 *
 * @throws TaskatlasError `unavailable`, `not-found`, `data` or `cancelled`; the message says what to do.
 */
export async function installEngine(options: InstallOptions, say: Say): Promise<InstallResult> {
  const home = options.home ?? enginesHome();
  const tfjs = projectTfjsVersion();
  const fitting = findFitting(options, home, tfjs);
  if (fitting !== undefined && options.force !== true) return { ...fitting, installed: false };
  if (options.wheel !== null && !existsSync(options.wheel))
    throw new TaskatlasError('not-found', `There is no wheel at ${resolve(options.wheel)}.`);
  const facts = gatherFacts(home);
  const plan = planInstall(options, facts);
  for (const note of plan.notes) say(`Note: ${note}`);
  if (!plan.tryVendor && plan.build === null)
    throw new TaskatlasError(
      'unavailable',
      `A native engine cannot be installed here:\n  - ${plan.blockers.join('\n  - ')}`,
    );
  const staging = createStaging(home, `${tfjs}-${options.variant}`);
  const work: Work = { options, plan, facts, staging, tfjs, say };
  try {
    return await stoppable(async () => {
      say(
        `Fetching ${packageName(options.variant)} ${tfjs} and what it requires from npm (install scripts off) …`,
      );
      await fetchPackages(facts, options.variant, tfjs, staging);
      const finished = (plan.tryVendor ? await byVendor(work) : null) ?? (await byWheel(work));
      return { ...finish(work, home, finished), installed: true };
    });
  } catch (error) {
    throw isCancelled(error) ? new TaskatlasError('cancelled', 'Stopped; nothing was installed.') : error;
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}
