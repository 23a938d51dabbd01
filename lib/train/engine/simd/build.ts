import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * Compiles `kernels.as` to `kernels.wasm` beside it. Users need neither: the module is committed, and a test
 * compares it with its source where the compiler is installed.
 * Run: `npx tsx lib/train/engine/simd/build.ts`
 */
const SOURCE = new URL('./kernels.as', import.meta.url);
export const MODULE = new URL('./kernels.wasm', import.meta.url);

const OPTIONS = [
  '--optimizeLevel 3 --shrinkLevel 0 --converge --noAssert',
  '--runtime stub --enable simd --importMemory --noExportMemory --initialMemory 1',
].flatMap((line) => line.split(' '));

/** The compiled bytes. Throws what the compiler says when the source is wrong. */
export async function compileKernels(): Promise<Uint8Array> {
  const { default: asc } = await import('assemblyscript/asc');
  const source = readFileSync(SOURCE, 'utf8');
  let bytes: Uint8Array | undefined;
  const { error, stderr } = await asc.main(['kernels.ts', '--outFile', 'kernels.wasm', ...OPTIONS], {
    readFile: (name: string) => (name === 'kernels.ts' ? source : null),
    writeFile: (_name: string, contents: Uint8Array | string) => {
      if (typeof contents !== 'string') bytes = contents;
    },
    listFiles: () => [],
  });
  if (error !== null || bytes === undefined) throw error ?? new Error(stderr.toString());
  return bytes;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const bytes = await compileKernels();
  writeFileSync(MODULE, bytes);
  const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 12);
  console.log(`kernels.wasm: ${bytes.length} bytes, sha256 ${digest}…`);
}
