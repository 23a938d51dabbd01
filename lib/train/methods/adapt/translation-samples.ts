import type { Direction } from '@/lib/science/catalog/translators';
import { picturesOf, type SampleImage } from '@/lib/science/core';
import { inputPng, sampleIndices } from '../samples';
import type { Adaptation } from './adaptation';
import type { Translator } from './translators';

/** Pictures of the test and of the source pool, each with its translation and what comes back from that. */
export function translationSamples(a: Adaptation, translator: Translator): SampleImage[] {
  const { dataset } = a.context;
  const [kind = 'rgb'] = picturesOf(a.task.input);
  const strips = (
    role: SampleImage['role'],
    pool: 'test' | 'source',
    [there, back]: readonly [Direction, Direction],
  ): SampleImage[] =>
    sampleIndices(dataset.count(pool)).map((index) => {
      const picture = dataset.inputs(pool, kind, [index]);
      const translated = translator.pictures(there, picture);
      const returned = translator.pictures(back, translated);
      return { index, role, png: inputPng([picture, translated, returned], dataset.size) };
    });
  return [
    ...strips('source-translated', 'source', ['to-target', 'to-source']),
    ...strips('target-translated', 'test', ['to-source', 'to-target']),
  ];
}
