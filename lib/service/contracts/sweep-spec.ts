import { z } from 'zod';
import { DOMAIN_SHIFTS, isReservedName } from '@/lib/science/core';
import { pretrainedSources, sweepMethods } from './sweep-methods';

/** Limits of a sweep file: larger ones are refused before they are parsed. */
export const SWEEP_FILE_MAX_BYTES = 256 * 1024;

const count = (max: number) => z.number().int().min(1).max(max);
export const taskId = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[a-z0-9][a-z0-9-]*$/, 'use lower case letters, digits and hyphens')
  .refine((id) => !isReservedName(id), 'this name is reserved by JavaScript: use another');

const pools = z.strictObject({
  source: count(10_000_000),
  transfer: count(1_000_000),
  selection: count(1_000_000),
  test: count(1_000_000),
});

const seed = z.number().int().min(0).max(4294967295);
const imageSize = z.number().int().min(16).max(256).multipleOf(16);

const directory = z.string().min(1).max(4096);
/** What becomes of images whose files are damaged or missing: the submission is refused, or they are left out. */
const onError = z.enum(['fail', 'skip']).default('fail');

/** Another appearance of every pool but `source`: the target domain of domain adaptation. */
const shift = z
  .strictObject({ kind: z.enum(DOMAIN_SHIFTS), strength: z.number().positive().max(1).default(1) })
  .optional();

/** A folder of the same kind that every pool but `source` comes from: the target domain. */
const target = z
  .strictObject({
    directory,
    /** Says that classes with numbers and without names (IDX files, folders 0, 1 …) mean the same in both domains. */
    sameClasses: z.boolean().optional(),
  })
  .optional();

export const datasetInput = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('rooms'),
    seed: seed.default(1),
    size: imageSize.default(64),
    pools,
    shift,
    /** A Sweet Home 3D library (.sh3f) of meshes, by choice pinned by its SHA-256; procedural furniture when absent. */
    furniture: z
      .strictObject({
        library: z.string().min(1).max(4096),
        hash: z
          .string()
          .regex(/^[0-9a-f]{64}$/, 'use the SHA-256 of the file in hexadecimal')
          .optional(),
      })
      .optional(),
  }),
  z.strictObject({
    kind: z.literal('idx'),
    seed: seed.default(1),
    size: imageSize.default(32),
    directory,
    pools,
    shift,
    target,
  }),
  z.strictObject({
    kind: z.literal('taskonomy'),
    seed: seed.default(1),
    size: imageSize.default(64),
    directory,
    pools,
    shift,
    /** Narrows what every image must have files of; all domains of the folder by default. */
    domains: z.array(z.string().min(1).max(64)).min(1).max(32).optional(),
    onError,
  }),
  z.strictObject({
    kind: z.literal('image-folder'),
    seed: seed.default(1),
    size: imageSize.default(64),
    directory,
    pools,
    shift,
    target,
    onError,
    /** What transparent pixels are put on; white when absent. */
    background: z
      .string()
      .regex(/^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/, 'write #rrggbb or #rgb, for example #ffffff')
      .optional(),
    /** Significant bits of 16-bit pictures; by the folder's pictures when absent. */
    bits: z.number().int().min(8).max(16).optional(),
  }),
]);

/** A TensorFlow.js model on disk as one more source; its features are those of `layer`. */
const externalSource = z.strictObject({
  name: taskId,
  model: z.string().min(1).max(4096),
  layer: z.string().min(1).max(256),
  range: z
    .tuple([z.number(), z.number()])
    .refine(([low, high]) => low < high, 'the darkest value must be below the brightest')
    .default([-1, 1]),
});

export const DEFAULT_WEIGHT_DECAY = 2e-6;

export const trainingOptions = z
  .strictObject({
    epochs: count(100_000),
    batchSize: count(4096),
    learningRate: z.number().positive().max(10),
    weightDecay: z.number().min(0).max(1).default(DEFAULT_WEIGHT_DECAY),
    optimiser: z.enum(['adam', 'adamw', 'sgd']).optional(),
    momentum: z.number().min(0).lt(1).optional(),
    schedule: z.enum(['cosine', 'step', 'constant']).optional(),
    stepEpochs: z.number().positive().max(100_000).optional(),
    stepFactor: z.number().positive().max(1).optional(),
    warmUpEpochs: z.number().min(0).max(100_000).optional(),
  })
  .superRefine((given, context) => {
    const only = (name: 'momentum' | 'stepEpochs' | 'stepFactor', belongs: boolean, to: string): void => {
      if (given[name] !== undefined && !belongs)
        context.addIssue({
          code: 'custom',
          path: [name],
          message: `belongs to ${to}: set it, or leave ${name} out`,
        });
    };
    only('momentum', given.optimiser === 'sgd', 'optimiser sgd');
    only('stepEpochs', given.schedule === 'step', 'schedule step');
    only('stepFactor', given.schedule === 'step', 'schedule step');
  });

const SIZE_HINT = 'give a number of images (300) or a share of the transfer pool ("5 %")';
/** A number of images, or a share of the transfer pool. */
const transferSize = z.union(
  [count(1_000_000), z.string().regex(/^(100|\d{1,2}(\.\d{1,3})?)\s?%$/, SIZE_HINT)],
  SIZE_HINT,
);

const uniqueList = <T extends z.ZodType>(item: T, max: number) =>
  z
    .array(item)
    .min(1)
    .max(max)
    .refine((list) => new Set(list).size === list.length, 'must not name anything twice');

/** A sweep file (YAML or JSON) or the body of `POST /api/v1/sweeps`. Unknown fields are refused. */
export const sweepSpec = z.strictObject({
  name: z
    .string()
    .min(1)
    .max(80)
    .regex(/^[\w .()+-]+$/, 'use letters, digits, spaces and . ( ) + - _'),
  description: z.string().max(2000).optional(),
  dataset: datasetInput,
  preset: z.enum(['micro', 'tiny', 'small', 'mlp', 'resnet50']).default('tiny'),
  /** Tasks of the dictionary; roles come from the catalog. */
  tasks: uniqueList(taskId, 100),
  /** Narrow the roles: default = every task with that role. */
  sources: uniqueList(taskId, 100).optional(),
  targets: uniqueList(taskId, 100).optional(),
  /**
   * Highest number of joined sources (1 when left out). Orders 2–4: all subsets of a target's five best sources,
   * planned when its first-order transfers are done; above 4 the best k.
   */
  maxOrder: z.number().int().min(1).max(20).optional(),
  /** Sizes of the transfer set for transfers and scratch; the largest is the one of matrix and policy. All images when left out. */
  transferSizes: uniqueList(transferSize, 20).optional(),
  /** False: targets that are no sources get no task-specific network, for tasks with few labels. */
  gold: z.boolean().optional(),
  /** Weights from outside: they take part in every tournament, marked as external. */
  externalSources: z.array(externalSource).min(1).max(20).optional(),
  /** One method for all transfers; `methods` is the longer form. */
  method: z.enum(['readout']).default('readout'),
  /** Ways to transfer, each from every source to every target: names, or `{ method, options, label, sources }`. */
  methods: sweepMethods.optional(),
  /** Encoders taught beforehand, sources of every target beside the tasks. */
  pretrained: pretrainedSources.optional(),
  seeds: uniqueList(seed, 100).default([1]),
  training: z
    .strictObject({
      source: trainingOptions.optional(),
      transfer: trainingOptions.optional(),
      scratch: trainingOptions.optional(),
    })
    .default({}),
  /** Ridge-probe matrix before training transfers. */
  probe: z.boolean().default(true),
  policy: z
    .strictObject({
      budget: z.number().positive().max(1000).default(3),
      maxOrder: z.number().int().min(1).max(20).default(1),
      objective: z.enum(['affinity', 'gain', 'quality', 'log-loss']).default('quality'),
    })
    .default({ budget: 3, maxOrder: 1, objective: 'quality' }),
});

export type ExternalSourceInput = z.infer<typeof externalSource>;

export type SweepSpec = z.infer<typeof sweepSpec>;
