import { TaskatlasError } from '@/lib/science/core';
import { pickWeights, type Weights } from '../../networks';
import { readSource } from '../features';
import type { Adaptation } from './adaptation';

/**
 * Encoder and head of the network of the source domain that an adaptation starts from: its only member.
 * @throws TaskatlasError `invalid-input`, `data`
 */
export async function startingNetwork(a: Adaptation): Promise<Weights> {
  const { context, recipe } = a;
  const [member, ...more] = recipe.members ?? [];
  if (!member || more.length > 0) {
    throw new TaskatlasError(
      'invalid-input',
      `${recipe.method} starts from exactly one network of the source domain.`,
    );
  }
  const stored = await readSource(context, member.fingerprint);
  if (stored.preset !== recipe.preset || stored.size !== context.dataset.size) {
    throw new TaskatlasError(
      'data',
      `${member.key} is a ${stored.preset} network for ${stored.size}×${stored.size} pictures; ` +
        `this adaptation wants ${recipe.preset} at ${context.dataset.size}.`,
    );
  }
  return pickWeights(stored.weights, /^(encoder|decoder)\//);
}
