import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { z } from 'zod';
import { TaskatlasError } from '../../core';

/** model.json as TensorFlow.js writes it: layers models (Keras) and graph models (SavedModel). */
const modelFile = z.object({
  format: z.string().optional(),
  modelTopology: z.record(z.string(), z.unknown()),
  weightsManifest: z.array(
    z.object({
      paths: z.array(z.string().min(1)),
      weights: z.array(z.object({ name: z.string(), shape: z.array(z.number()), dtype: z.string() }).loose()),
    }),
  ),
});

export interface ExternalModel {
  format: 'layers' | 'graph';
  topology: Record<string, unknown>;
  weightSpecs: { name: string; shape: number[]; dtype: string }[];
  weights: Uint8Array;
  /** SHA-256 over model.json and the weight files in the order of its manifest. */
  sha256: string;
}

function readPart(path: string, what: string): Buffer {
  if (!existsSync(path) || !statSync(path).isFile()) {
    throw new TaskatlasError('not-found', `There is no ${what} at ${path}.`);
  }
  return readFileSync(path);
}

function parseModel(path: string, bytes: Buffer): z.infer<typeof modelFile> {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new TaskatlasError('data', `${path} is no JSON.`, { cause });
  }
  const parsed = modelFile.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new TaskatlasError(
    'data',
    `${path} is no TensorFlow.js model: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`,
  );
}

/**
 * Reads a TensorFlow.js model from disk: `model.json` (or the folder that holds it) and the weight files beside it.
 * @throws TaskatlasError `not-found` (a file is missing), `data` (no such model, or a weight file outside its folder)
 */
export function readExternalModel(path: string): ExternalModel {
  const file = existsSync(path) && statSync(path).isDirectory() ? join(path, 'model.json') : path;
  const bytes = readPart(file, 'model.json');
  const { modelTopology, weightsManifest } = parseModel(file, bytes);
  const hash = createHash('sha256').update(bytes);
  const parts = weightsManifest.flatMap(({ paths }) =>
    paths.map((name) => {
      if (normalize(name).startsWith('..')) {
        throw new TaskatlasError('data', `${file} names weights outside of its folder: ${name}.`);
      }
      const part = readPart(join(dirname(file), name), 'weight file');
      hash.update(part);
      return part;
    }),
  );
  return {
    format: 'node' in modelTopology ? 'graph' : 'layers',
    topology: modelTopology,
    weightSpecs: weightsManifest.flatMap(({ weights }) => weights),
    weights: new Uint8Array(Buffer.concat(parts)),
    sha256: hash.digest('hex'),
  };
}
