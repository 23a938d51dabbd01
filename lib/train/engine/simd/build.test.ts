import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compileKernels, MODULE } from './build';

const compiler = new URL('../../../../node_modules/assemblyscript/package.json', import.meta.url);

describe('kernels.wasm', () => {
  it.skipIf(!existsSync(compiler))(
    'is what kernels.as compiles to',
    async () => {
      const compiled = await compileKernels();
      expect(
        Buffer.compare(compiled, readFileSync(MODULE)),
        'run: npx tsx lib/train/engine/simd/build.ts',
      ).toBe(0);
    },
    60_000,
  );

  it('brings no data, no start function and no memory of its own into the backend’s memory', async () => {
    const bytes = readFileSync(MODULE);
    const module = new WebAssembly.Module(bytes);
    expect(WebAssembly.Module.imports(module)).toEqual([{ module: 'env', name: 'memory', kind: 'memory' }]);
    expect(WebAssembly.Module.exports(module).every(({ kind }) => kind === 'function')).toBe(true);
    const ids: number[] = [];
    for (let at = 8; at < bytes.length; ) {
      ids.push(bytes[at] ?? 0);
      let size = 0;
      let shift = 0;
      let byte = 0x80;
      for (at++; byte & 0x80; at++) {
        byte = bytes[at] ?? 0;
        size |= (byte & 0x7f) << shift;
        shift += 7;
      }
      at += size;
    }
    const [GLOBAL, START, DATA] = [6, 8, 11];
    expect(ids).not.toContain(GLOBAL);
    expect(ids).not.toContain(START);
    expect(ids).not.toContain(DATA);
  });
});
