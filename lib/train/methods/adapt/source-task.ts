import { MINIMUM_GOLD_SKILL } from '@/lib/science/affinity';
import { type RunTable, SOURCE_TASK, SOURCE_TASK_COLUMNS } from '@/lib/science/core';
import { createParameters, forward, valuesOf, type Weights } from '../../networks';
import { imageLosses, meanLoss } from '../losses';
import { meanOutput } from '../mean';
import { networkChunks } from '../pools';
import { type Adaptation, encode, MEASURED_IMAGES } from './adaptation';

/** What the table says of a network of this skill. */
const wordsOf = (skill: number, images: number): string =>
  skill >= MINIMUM_GOLD_SKILL
    ? `mean loss on ${images} pictures that it learned from: the network still does what it learned`
    : `mean loss on ${images} pictures that it learned from: the network answers hardly better than a constant. It has lost the task, or never learned it: do not use it, lower weight or learning-rate, or train longer`;

/**
 * Whether a network that has learned from the source domain still does its task there: a training that ran away does
 * not, and this is seen without a label of the target domain. No table for embeddings, which have no constant answer of
 * their own, nor where no picture has a label.
 * @param weights of `encoder/…` and `decoder/…`
 */
export function sourceTask(a: Adaptation, weights: Weights): readonly RunTable[] {
  const { tf, spec, labels, context, head } = a;
  if (spec.name === 'metric') return [];
  const constant = meanOutput(spec, labels, context.dataset.size);
  const images = Math.min(MEASURED_IMAGES, a.images.source);
  const parameters = createParameters(tf, [...a.encoder, ...head], weights);
  const [own, others]: [number[], number[]] = [[], []];
  try {
    for (const part of networkChunks(context, images)) {
      const outputs = valuesOf(tf, () =>
        forward(tf, head, parameters.get, encode(a, parameters, 'source', part)),
      );
      const same = Float32Array.from(outputs, (_, i) => constant[i % constant.length] as number);
      own.push(...imageLosses(spec, outputs, labels, part));
      others.push(...imageLosses(spec, same, labels, part));
    }
  } finally {
    parameters.dispose();
  }
  const [network, fixed] = [own, others].map((losses) => meanLoss(Float32Array.from(losses))) as [
    number,
    number,
  ];
  const skill = 1 - network / fixed;
  if (!Number.isFinite(fixed) || fixed === 0) return [];
  return [
    {
      name: SOURCE_TASK,
      meaning: wordsOf(skill, images),
      rows: ['loss'],
      columns: [...SOURCE_TASK_COLUMNS],
      values: [[network, fixed, skill]],
    },
  ];
}
