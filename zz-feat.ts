import { mkdtemp } from 'node:fs/promises';
import { defaultTraining } from '@/lib/science/catalog/presets';
import { openEngine } from '@/lib/train/engine';
import { executeRecipe } from '@/lib/train/methods';
import { transferFeatures } from '@/lib/train/methods/features';
import { createPause } from '@/lib/train/methods/pause';
import { folderArtifacts } from '@/lib/service/store';
import { createTestContext } from '@/lib/train/methods/testing/context';
import { createShapesDataset } from '@/lib/train/methods/testing/shapes-dataset';
const engine = await openEngine({ backend: 'wasm' });
for (const [preset, size, pools] of [['tiny', 64, { source: 32, transfer: 300, selection: 150, test: 600 }], ['small', 128, { source: 16, transfer: 500, selection: 150, test: 300 }]] as const) {
const dataset = createShapesDataset(pools, size);
const artifacts = folderArtifacts(await mkdtemp('/tmp/ops/feat-'));
const base = { dataset: dataset.spec, version: 1, preset, seed: 1 } as const;
const ctx = (f: string) => ({ ...createTestContext(engine, dataset, f), artifacts: { read: (n: string) => artifacts.read(n), write: (n: string, b: Uint8Array) => artifacts.write(n, b) } });
await executeRecipe({ ...base, kind: 'source', task: 'copy', training: { ...defaultTraining(preset, 'source'), epochs: 1 } }, ctx('source'));
for (let i = 0; i < 6; i++) {
const a = performance.now();
const names = ['transfer', 'selection', 'test'].map((p) => `source/features-${p}-rgb`);
for (const n of names) await artifacts.read(n);
const b = performance.now();
await transferFeatures(ctx('x'), ['source'], 'rgb', createPause());
const c = performance.now();
console.log(preset, 'read', (b - a).toFixed(1), 'ms;', 'read+unpack+standardise', (c - b).toFixed(1), 'ms');
}
for (let i = 0; i < 3; i++) for (const task of ['height', 'copy', 'hue', 'kind']) {
const t = performance.now(); const cpu = process.cpuUsage();
await executeRecipe({ ...base, kind: 'transfer', method: 'readout', task, images: pools.transfer, sources: [{ task: 'copy', fingerprint: 'source' }], training: { ...defaultTraining(preset, 'transfer'), epochs: preset === 'tiny' ? 30 : 3 } }, ctx('t'));
const u = process.cpuUsage(cpu);
console.log(preset, task, (performance.now() - t).toFixed(0), 'ms', ((u.user + u.system) / 1000).toFixed(0), 'cpu ms');
}
}
