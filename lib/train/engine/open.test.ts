import { afterEach, describe, expect, it } from 'vitest';
import { expectNoLeak, openEngine, scope, scopeAsync } from './index';
import { hasNvidiaDevice } from './native/locate';

// About WebAssembly itself, whichever engine the rest of the suite is run on.
delete process.env.TASKATLAS_ENGINE;

afterEach(() => {
  delete process.env.TASKATLAS_ENGINE;
});

describe('openEngine', () => {
  it('opens WebAssembly with its own kernels and says so', async () => {
    const engine = await openEngine({ backend: 'wasm' });
    expect(engine.backend).toBe('wasm');
    expect(engine.tf.getBackend()).toBe('wasm');
    expect(engine.description).toMatchObject({ backend: 'wasm', simd: true, threads: 1, kernels: 'simd' });
    expect(engine.description.summary).toContain(engine.device);
  });

  it('never takes the JavaScript backend by itself', async () => {
    expect((await openEngine()).backend).not.toBe('cpu');
  });

  it('takes TensorFlow by itself for a GPU only', async () => {
    if (!hasNvidiaDevice()) expect((await openEngine()).backend).toBe('wasm');
  });

  it('lets the environment decide', async () => {
    process.env.TASKATLAS_ENGINE = 'cpu';
    expect((await openEngine({ backend: 'wasm' })).tf.getBackend()).toBe('cpu');
    process.env.TASKATLAS_ENGINE = 'wasm';
    expect((await openEngine()).tf.getBackend()).toBe('wasm');
  });

  it('bounds WebAssembly’s heap by the environment, and refuses what is no number of megabytes', async () => {
    process.env.TASKATLAS_HEAP_MB = '48';
    const { tf } = await openEngine({ backend: 'wasm' });
    expect(() => tf.tidy(() => tf.ones([64, 1024, 1024]))).toThrow(/no 256 MB left of the 48 MB/);
    process.env.TASKATLAS_HEAP_MB = 'much';
    await expect(openEngine({ backend: 'wasm' })).rejects.toThrow(/TASKATLAS_HEAP_MB is "much"/);
    delete process.env.TASKATLAS_HEAP_MB;
    await openEngine({ backend: 'wasm' });
  });

  it('refuses a name that it does not know', async () => {
    process.env.TASKATLAS_ENGINE = 'quantum';
    await expect(openEngine()).rejects.toThrow(/TASKATLAS_ENGINE is "quantum"/);
  });
});

describe('memory scopes', () => {
  it('free what is made inside and keep what is returned', async () => {
    const { tf } = await openEngine({ backend: 'wasm' });
    await expectNoLeak(tf, 'the scopes', async () => {
      const kept = scope(tf, () => tf.add(tf.ones([3]), tf.ones([3])));
      const later = await scopeAsync(tf, async () => {
        const a = tf.mul(kept, 2);
        await a.data();
        return tf.add(a, 1);
      });
      expect([...later.dataSync()]).toEqual([5, 5, 5]);
      tf.dispose([kept, later]);
    });
  });

  it('expectNoLeak names what was left', async () => {
    const { tf } = await openEngine({ backend: 'wasm' });
    const left: { dispose(): void }[] = [];
    await expect(expectNoLeak(tf, 'the test', () => left.push(tf.ones([4])))).rejects.toThrow(
      /the test left 1 tensors/,
    );
    for (const tensor of left) tensor.dispose();
  });
});
