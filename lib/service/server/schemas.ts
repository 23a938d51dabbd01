import { z } from '@hono/zod-openapi';
import { SAMPLE_ROLES } from '@/lib/science/core';
import * as contracts from '../contracts';

/** Shapes with their names in the OpenAPI document. The contracts themselves stay free of HTTP. */
export const named = {
  sweep: contracts.sweepView.meta({ id: 'Sweep' }),
  matrix: contracts.matrixView.meta({ id: 'Matrix' }),
  bestSource: contracts.bestSourceView.meta({ id: 'BestSource' }),
  policy: contracts.policyView.meta({ id: 'Policy' }),
  policyCurvePoint: contracts.policyCurvePoint.meta({ id: 'PolicyCurvePoint' }),
  orders: contracts.ordersView.meta({ id: 'Orders' }),
  sizes: contracts.sizesView.meta({ id: 'Sizes' }),
  methods: contracts.methodsView.meta({ id: 'Methods' }),
  domains: contracts.domainsView.meta({ id: 'Domains' }),
  advice: contracts.adviceView.meta({ id: 'Advice' }),
  tournament: contracts.tournamentView.meta({ id: 'Tournament' }),
  validity: contracts.validityView.meta({ id: 'Validity' }),
  similarity: contracts.similarityView.meta({ id: 'Similarity' }),
  agreement: contracts.agreementView.meta({ id: 'Agreement' }),
  gallery: contracts.galleryView.meta({ id: 'Gallery' }),
  pair: contracts.pairView.meta({ id: 'Pair' }),
  run: contracts.runView.meta({ id: 'Run' }),
  runDetail: contracts.runDetailView.meta({ id: 'RunDetail' }),
  running: contracts.runningView.meta({ id: 'Running' }),
  runList: contracts.runListView.meta({ id: 'RunList' }),
  plan: contracts.planView.meta({ id: 'Plan' }),
  batch: contracts.sweepBatch.meta({ id: 'SweepBatch' }),
  batchPlan: contracts.batchPlanView.meta({ id: 'BatchPlan' }),
  novel: contracts.novelRequest.meta({ id: 'NovelRequest' }),
  problem: contracts.problem.meta({ id: 'Problem' }),
  sweepSpec: contracts.sweepSpec.meta({ id: 'SweepSpec' }),
  sweepList: z.object({ sweeps: z.array(contracts.sweepView) }).meta({ id: 'SweepList' }),
  targetList: z.object({ targets: z.array(contracts.targetListItem) }).meta({ id: 'TargetList' }),
  workerList: z.object({ workers: z.array(contracts.workerView) }).meta({ id: 'WorkerList' }),
  taskList: z.object({ tasks: z.array(contracts.taskView) }).meta({ id: 'TaskList' }),
  health: z
    .object({ status: z.enum(['ok', 'unavailable']), database: z.enum(['ok', 'away']), version: z.string() })
    .meta({ id: 'Health' }),
};

const about = (description: string, example: string) => ({ description, example });

export const sweepRef = z.object({
  id: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'use a sweep id, its number, or "latest"')
    .meta(about('Sweep id, its number, or `latest`', 'latest')),
});

const taskName = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'use the id of a task');

export const pairRef = sweepRef.extend({
  source: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}(\+[A-Za-z0-9_-]{1,64}){0,19}$/, 'use the id of a source, joined ones as a+b')
    .meta(about('Id of the source; joined sources as `a+b`', 'surface-normals')),
  target: taskName.meta(about('Id of the target', 'z-depth')),
});

const fingerprint = z.string().regex(/^[0-9a-f]{64}$/, 'a fingerprint is 64 hexadecimal digits');

export const runRef = z.object({ fingerprint: fingerprint.meta({ description: 'Fingerprint of the run' }) });

export const targetRef = sweepRef.extend({ target: taskName.meta(about('Id of the target', 'z-depth')) });

/** Whole numbers in a query are digits and nothing else: `1e3`, ` 7` and `` are mistakes, not numbers. */
const whole = (min: number, max: number, example?: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().int().min(min).max(max))
    .meta({ type: 'integer', minimum: min, maximum: max, ...(example === undefined ? {} : { example }) });

const decimal = (max: number) =>
  z
    .string()
    .regex(/^\d{1,9}(\.\d{1,9})?$/, 'must be a number')
    .transform(Number)
    .pipe(z.number().min(0).max(max));

const SAMPLE_FILES = SAMPLE_ROLES.map((role) => `${role}.png`).join(', ');

export const sampleRef = runRef.extend({
  index: whole(0, 999_999_999),
  file: z
    .string()
    .regex(new RegExp(`^(${SAMPLE_ROLES.join('|')})\\.png$`), `use one of ${SAMPLE_FILES}`)
    .meta(about(`One of ${SAMPLE_FILES}`, 'prediction.png')),
});

/** A method of the sweep with its options, as in candidate keys. */
const methodName = z.string().min(1).max(400).meta(about('Method with its options', 'fine-tune(l2-sp=0.01)'));

/** Views of one method; the sweep's plain one (the readout where it has it) when left out. */
export const methodQuery = z.strictObject({ method: methodName.optional() });

export const bestSourceQuery = z.strictObject({
  target: taskName.meta(about('Id of the target', 'z-depth')),
  k: whole(1, 10_000, 3).optional(),
  unit: contracts.rankingMeasure.default('affinity'),
  maxOrder: whole(1, 20).optional(),
  method: methodName.optional(),
  labels: whole(1, 100_000_000, 1000).optional(),
});

const nameList = z
  .string()
  .max(8000)
  .transform((text) => text.split(',').map((name) => name.trim()))
  .pipe(z.array(taskName).max(100))
  .meta({ type: 'string', description: 'Ids of tasks, separated by commas' });

/** `depth:2,normals:0.5` (or `=` for `:`) to a record. */
const numberList = (description: string) =>
  z
    .string()
    .max(8000)
    .transform((text, context) => {
      const numbers: Record<string, number> = {};
      for (const part of text.split(',')) {
        const [, name, value] =
          /^\s*([A-Za-z0-9_-]{1,64})\s*[:=]\s*(\d{1,6}(?:\.\d{1,9})?)\s*$/.exec(part) ?? [];
        if (name === undefined || value === undefined || name in numbers || name === '__proto__') {
          context.addIssue({
            code: 'custom',
            message: `write name:number, each name once, not "${part.slice(0, 80)}"`,
          });
          return z.NEVER;
        }
        numbers[name] = Number(value);
      }
      return numbers;
    })
    .meta({ type: 'string', description });

/** `ours:theirs` pairs. */
const nameMap = z
  .string()
  .max(8000)
  .transform((text, context) => {
    const map: Record<string, string> = {};
    for (const part of text.split(',')) {
      const [, here, there] = /^\s*([A-Za-z0-9_-]{1,64})\s*[:=]\s*([A-Za-z0-9_-]{1,64})\s*$/.exec(part) ?? [];
      if (here === undefined || there === undefined || here in map || here === '__proto__') {
        context.addIssue({
          code: 'custom',
          message: `write task:task of the other sweep, each once, not "${part.slice(0, 80)}"`,
        });
        return z.NEVER;
      }
      map[here] = there;
    }
    return map;
  })
  .meta({ type: 'string', description: 'Tasks that belong together, e.g. `z-depth:rgb2depth`' });

export const similarityQuery = z.strictObject({
  unit: z.enum(['gain', 'quality', 'effect']).default('gain'),
});

export const agreementQuery = z.strictObject({
  with: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'use a sweep id, its number, or "latest"')
    .meta(about('The other sweep: id, number or `latest`', '2')),
  unit: z.enum(['affinity', 'gain', 'quality', 'effect']).default('gain'),
  map: nameMap.optional(),
});

/** Limits by unit; an unknown unit is a mistake. */
const limitList = numberList(
  'Further limits, which hold beside the budget, e.g. `labels:5,gpu-hours:0.5`',
).pipe(
  z.strictObject({
    tasks: z.number().optional(),
    labels: z.number().optional(),
    'gpu-hours': z.number().optional(),
  }),
);

export const policyQuery = z.strictObject({
  budget: decimal(1_000_000)
    .meta({ type: 'number', description: 'How much may be supervised fully, in `unit`' })
    .optional(),
  unit: contracts.budgetUnit
    .meta({ description: 'What the budget counts; hours are those measured for each own network here' })
    .optional(),
  limits: limitList.optional(),
  maxOrder: whole(1, 20).optional(),
  objective: z.enum(['affinity', 'gain', 'quality', 'log-loss']).optional(),
  force: nameList.optional(),
  forbid: nameList.optional(),
  sourceOnly: nameList.optional(),
  weights: numberList('Importance of targets, e.g. `z-depth:2,edges:0.5`; 1 when not named').optional(),
  costs: numberList('Label cost of tasks in place of the dictionary’s, e.g. `z-depth:3`').optional(),
  incomplete: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .meta({
      type: 'boolean',
      description: 'Also serve targets that lack transfers; `range` bounds the optimum',
    })
    .optional(),
});

export const runsQuery = z.strictObject({
  kind: z.enum(['dataset', 'source', 'scratch', 'mean', 'probe', 'pretrain', 'transfer']).optional(),
  state: z.enum(['waiting', 'queued', 'running', 'lost', 'done', 'failed', 'cancelled']).optional(),
  target: taskName.optional(),
  offset: whole(0, 100_000_000).optional(),
  limit: whole(1, 5000).optional(),
});

export const tasksQuery = z.strictObject({
  dataset: z.enum(['rooms', 'idx', 'taskonomy', 'image-folder']).default('rooms'),
});
