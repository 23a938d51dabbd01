/**
 * On a machine with a GPU: is what it computes right, and how fast does it train?
 *   npm run bench -- gpu [--json] [--presets tiny,small,resnet50] [--batches 16,64,256] [--steps N] [--cpu]
 * Checks a step whose numbers were worked by hand and every operation of training against the `cpu` backend, then
 * trains source networks by preset and batch through the same code as a sweep, evaluations of four images included; the
 * first steps are left out.
 * Exit code 1 where there is no GPU, none is used, or a number is wrong. `--cpu` runs the same script on the processor
 * (`--engine wasm` too), which proves the script and nothing about a GPU.
 */
import { z } from 'zod';
import { defaultTraining, PRESETS } from '@/lib/science/catalog/presets';
import { type PresetName, TaskatlasError } from '@/lib/science/core';
import { type Engine, openEngine } from '@/lib/train/engine';
import { gpuEngineInstalled, listGpus } from '@/lib/train/engine/devices';
import { executeRecipe } from '@/lib/train/methods';
import { createTestContext } from '@/lib/train/methods/testing/context';
import { createShapesDataset } from '@/lib/train/methods/testing/shapes-dataset';
import { readOptions } from './command/options';
import { type Check, checkBackend } from './gpu/checks';

interface Rate {
  readonly preset: PresetName;
  readonly batch: number;
  readonly imagesPerSecond: number | null;
  readonly gflops: number | null;
  /** Why there is no rate. */
  readonly note?: string;
}

const optionShape = z.object({
  presets: z.array(z.enum(Object.keys(PRESETS) as [PresetName, ...PresetName[]])).min(1),
  batches: z.array(z.coerce.number().int().min(1).max(4096)).min(1),
  steps: z.coerce.number().int().min(1).max(10_000),
  engine: z.enum(['tensorflow', 'wasm', 'cpu']),
});

function orders() {
  const { values } = readOptions({
    json: { type: 'boolean', default: false },
    cpu: { type: 'boolean', default: false },
    engine: { type: 'string', default: 'tensorflow' },
    presets: { type: 'string' },
    batches: { type: 'string' },
    steps: { type: 'string', default: '40' },
  });
  const { cpu } = values;
  const parsed = optionShape.safeParse({
    presets: (values.presets ?? (cpu ? 'tiny' : 'tiny,small,resnet50')).split(','),
    batches: (values.batches ?? (cpu ? '16,32' : '16,64,256')).split(','),
    steps: values.steps,
    engine: values.engine,
  });
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new TaskatlasError('invalid-input', `--${issue?.path.join('.')}: ${issue?.message}`);
  }
  return { ...parsed.data, json: values.json, cpu };
}

/** Steps of the short run. */
const WARM_STEPS = 10;

type Options = ReturnType<typeof orders>;

/** What is missing for a GPU to be used, in words; null when nothing is. */
function missing(): string | null {
  if (listGpus().length === 0)
    return 'No NVIDIA GPU is visible here (nvidia-smi lists none, or CUDA_VISIBLE_DEVICES hides them): nothing was measured. `--cpu` runs this script on the processor.';
  if (!gpuEngineInstalled())
    return 'There is a GPU, but no engine for it: run `taskatlas engine install --gpu`, then this again.';
  return null;
}

/** Images per second of a source network's training: a long run less a short one, so that starting falls out. */
async function rateOf(engine: Engine, preset: PresetName, batch: number, steps: number): Promise<Rate> {
  const { nominalSize } = PRESETS[preset];
  const dataset = createShapesDataset({ source: batch, transfer: 4, selection: 4, test: 4 }, nominalSize);
  const run = async (epochs: number) => {
    const started = performance.now();
    const { cost } = await executeRecipe(
      {
        ...{ kind: 'source', dataset: dataset.spec, version: 1, task: 'copy', preset, seed: 1 },
        training: { ...defaultTraining(preset, 'source'), batchSize: batch, epochs },
      },
      createTestContext(engine, dataset, `rate ${preset} ${batch}`),
    );
    return { ms: performance.now() - started, images: cost.images, flops: cost.flops };
  };
  try {
    await run(2);
    const short = await run(WARM_STEPS);
    const long = await run(WARM_STEPS + steps);
    const seconds = (long.ms - short.ms) / 1000;
    return {
      preset,
      batch,
      imagesPerSecond: (long.images - short.images) / seconds,
      gflops: (long.flops - short.flops) / seconds / 1e9,
    };
  } catch (error) {
    if (!(error instanceof TaskatlasError) || error.code !== 'out-of-memory') throw error;
    return { preset, batch, imagesPerSecond: null, gflops: null, note: 'out of memory' };
  }
}

function printChecks(checks: readonly Check[]): void {
  for (const { what, difference, tolerance, ok } of checks) {
    console.log(
      `${ok ? '✓' : '✗'} ${what}: off by ${difference.toExponential(1)}, ${tolerance.toExponential(0)} allowed`,
    );
  }
}

/** Every preset and batch that was asked for; rows are shown as they come. */
async function measure(engine: Engine, { presets, batches, steps, json }: Options): Promise<Rate[]> {
  const rates: Rate[] = [];
  if (!json) console.log('\n| preset | batch | images/s | GFLOP/s |\n|---|---|---|---|');
  for (const preset of presets) {
    for (const batch of batches) {
      const rate = await rateOf(engine, preset, batch, steps);
      rates.push(rate);
      const cells = [rate.imagesPerSecond, rate.gflops].map((x) => x?.toFixed(0) ?? rate.note ?? '–');
      if (!json) console.log(`| ${preset} | ${batch} | ${cells.join(' | ')} |`);
    }
  }
  return rates;
}

function refuse(reason: string, json: boolean): number {
  console.log(json ? JSON.stringify({ ok: false, reason }) : reason);
  return 1;
}

async function run(): Promise<number> {
  const options = orders();
  const { json, cpu } = options;
  const lack = cpu ? null : missing();
  if (lack !== null) return refuse(lack, json);
  if (cpu) process.env.CUDA_VISIBLE_DEVICES = '-1';
  process.env.TASKATLAS_ENGINE = cpu ? options.engine : 'tensorflow';
  const engine = await openEngine({});
  const onGpu = engine.device.startsWith('gpu');
  if (!cpu && !onGpu) {
    const reason =
      'TensorFlow loaded, but runs on the processor: `taskatlas engine verify` says more (driver 525 or newer?).';
    return refuse(reason, json);
  }
  if (!json) console.log(`${engine.description.summary}\n`);
  const checks = await checkBackend(engine.tf, onGpu);
  if (!json) printChecks(checks);
  const ok = checks.every((check) => check.ok);
  const rates = ok ? await measure(engine, options) : [];
  if (json) console.log(JSON.stringify({ ok, gpu: onGpu, engine: engine.description, checks, rates }));
  else {
    const right = `right within the tolerances${cpu ? ', on the processor: this says nothing of a GPU' : ''}`;
    console.log(`\n${checks.length} checks, ${ok ? right : 'WRONG: do not train on it'}.`);
  }
  return ok ? 0 : 1;
}

try {
  process.exitCode = await run();
} catch (error) {
  if (!(error instanceof TaskatlasError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
