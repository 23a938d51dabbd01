import { coralLoss } from './domains';
import { jointMethod } from './joint';

/** Deep CORAL (Sun & Saenko 2016): the task's loss + weight · ‖C_s − C_t‖²_F / (4d²) of the codes of each batch. */
export const deepCoral = jointMethod('deep-coral', {
  loss: ({ a: { tf }, options, source, target }) =>
    tf.mul(coralLoss(tf, source, target), options.number('weight')),
});
