/** Cases of encoders that are taught without labels: docs/methods/contrastive.md, deep-belief.md, self-supervised.md. */
import { type Case, type CaseSettings, pair } from './case-bench';

const FEW = { images: 60 };
const MLP: CaseSettings = { preset: 'mlp', epochs: { source: 20, transfer: 30, scratch: 30 } };
const LONGER: CaseSettings = { preset: 'tiny', epochs: { source: 40, transfer: 30, scratch: 30 } };

export const UNSUPERVISED_CASES: Readonly<Record<string, Case>> = {
  'deep-belief': async (bench) => {
    const b = bench.at(MLP);
    const stack = await b.pretrain('deep-belief');
    return await pair(b.transfer('fine-tune', [stack], {}, FEW), () => b.scratch('mlp', FEW.images));
  },
  'denoising-autoencoder': async (bench) => {
    const b = bench.at(MLP);
    return await pair(b.transfer('fine-tune', ['denoising'], {}, FEW), () => b.scratch('mlp', FEW.images));
  },
  contrastive: async (bench) => {
    const b = bench.at(LONGER);
    const views = await b.pretrain('contrastive');
    return await pair(b.transfer('readout', [views], {}, FEW), () =>
      b.transfer('readout', ['autoencoding'], {}, FEW),
    );
  },
};
