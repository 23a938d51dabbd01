import { discriminatorPlan } from '@/lib/science/catalog/adaptation';
import { reversalWeight } from '@/lib/science/learning';
import { discriminate, reverseGradient } from './domains';
import { type DomainTerm, jointMethod } from './joint';

/**
 * The domain loss through the reversal layer: the discriminator learns to tell the domains apart, the encoder to make
 * that impossible. λ = weight · (2/(1 + e^(−γp)) − 1) rises from 0 with the share p of the training done.
 * @param weight name of the method’s option that is the largest λ
 */
export const adversary = (weight: string): DomainTerm => ({
  layers: (a) => discriminatorPlan(a.code),
  loss: ({ a, parameters, options, source, target, progress }) => {
    const { tf } = a;
    const λ = options.number(weight) * reversalWeight(progress, options.number('gamma'));
    return discriminate(
      tf,
      discriminatorPlan(a.code),
      parameters.get,
      reverseGradient(tf, source, λ),
      reverseGradient(tf, target, λ),
    );
  },
});

/** Domain-adversarial network (Ganin & Lempitsky 2015; Ganin et al. 2016, algorithm 1). */
export const dann = jointMethod('dann', adversary('weight'));
