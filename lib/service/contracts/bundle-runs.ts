import { z } from 'zod';
import { PRESETS } from '@/lib/science/catalog/presets';
import type { PresetName } from '@/lib/science/core';
import { taskId, trainingOptions } from './sweep-spec';

const amount = z.number().min(0);
const whole = z.number().int().min(0);

/** Most bytes of one picture of a bundle; most characters of all of them in Base64, which gzip makes a quarter shorter. */
export const PICTURE_BYTES = 4096;
export const PICTURES_BYTES = 1_900_000;

const picture = z.strictObject({
  /** Index in the test pool. */
  index: whole,
  png: z.base64().max(Math.ceil(PICTURE_BYTES / 3) * 4),
});

/** Step, epoch, loss of the batches since the last point (null before the first step) and of the selection pool. */
const point = z.tuple([whole, amount, z.number().nullable(), z.number().nullable()]);

const trained = {
  version: z.number().int().min(1),
  task: taskId,
  preset: z.enum(Object.keys(PRESETS) as [PresetName, ...PresetName[]]),
  training: trainingOptions,
  seed: z.number().int().min(0).max(4294967295),
};

/** What was trained, less the data set, which the bundle holds once. Other runs are named by their place in the list. */
const recipe = z.discriminatedUnion('kind', [
  z.strictObject({ ...trained, kind: z.literal('source') }),
  z.strictObject({ ...trained, kind: z.literal('scratch'), images: whole }),
  z.strictObject({
    ...trained,
    kind: z.literal('transfer'),
    /** Plain transfers alone: what teaches others is not part of a bundle. */
    method: z.literal('readout'),
    sources: z
      .array(z.strictObject({ task: taskId, run: whole }))
      .min(1)
      .max(4),
    images: whole,
  }),
]);

/** A finished run without its losses and weights: its curve, and what it answered on a few test images. */
export const bundledRun = z.strictObject({
  recipe,
  backend: z.string().max(64),
  metric: z.number().nullable(),
  cost: z.strictObject({ steps: amount, images: amount, seconds: amount, flops: amount }),
  curve: z.array(point).max(100),
  answers: z.array(picture).max(6),
});

/** What a target's test images show: the same for all of its runs. */
export const bundledPictures = z.strictObject({
  task: taskId,
  inputs: z.array(picture).max(6),
  truths: z.array(picture).max(6),
});

export type BundledRun = z.infer<typeof bundledRun>;
export type BundledPictures = z.infer<typeof bundledPictures>;
