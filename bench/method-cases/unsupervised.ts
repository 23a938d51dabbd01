/** Cases of encoders that are taught without labels: docs/methods/contrastive.md, deep-belief.md. */
import { type Bench, type Case, type CaseSettings, pair } from './bench';

const FEW = { images: 60 };
const MLP: CaseSettings = { preset: 'mlp', epochs: { source: 20, transfer: 30, scratch: 30 } };
const PATIENT: CaseSettings = { preset: 'mlp', epochs: { source: 20, transfer: 120, scratch: 120 } };
const LONGER: CaseSettings = { preset: 'tiny', epochs: { source: 40, transfer: 30, scratch: 30 } };

/** Fine-tuning from an encoder against the same network from scratch. */
const againstScratch =
  (settings: CaseSettings, encoder: (b: Bench) => ReturnType<Bench['source']>): Case =>
  async (bench) => {
    const b = bench.at(settings);
    return await pair(b.transfer('fine-tune', [await encoder(b)], {}, FEW), () =>
      b.scratch(settings.preset, FEW.images),
    );
  };
const stack = (b: Bench) => b.pretrain('deep-belief');
const denoiser = (b: Bench) => b.source('denoising');

export const UNSUPERVISED_CASES: Readonly<Record<string, Case>> = {
  'deep-belief': againstScratch(MLP, stack),
  'denoising-autoencoder': againstScratch(MLP, denoiser),
  'deep-belief-patient': againstScratch(PATIENT, stack),
  'denoising-autoencoder-patient': againstScratch(PATIENT, denoiser),
  contrastive: async (bench) => {
    const b = bench.at(LONGER);
    const views = await b.pretrain('contrastive');
    return await pair(b.transfer('readout', [views], {}, FEW), () =>
      b.transfer('readout', ['autoencoding'], {}, FEW),
    );
  },
};
