import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { alias: { '@': fileURLToPath(new URL('.', import.meta.url)) } },
  test: {
    globalSetup: ['lib/service/ports/testing/global-setup.ts'],
    include: [
      'lib/**/*.test.{ts,tsx}',
      'app/**/*.test.{ts,tsx}',
      'workers/**/*.test.ts',
      'bin/**/*.test.ts',
      'bench/**/*.test.ts',
    ],
    pool: 'forks',
    maxWorkers: 2,
    // Against hanging for ever only: on a loaded machine whole sweeps, 20 s by themselves, took more than a minute.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    env: { TZ: 'UTC', NEXT_TELEMETRY_DISABLED: '1' },
  },
});
