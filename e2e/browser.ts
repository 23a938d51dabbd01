import { existsSync, mkdirSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { chromium } from '@playwright/test';

const SYSTEM = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/opt/google/chrome/chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** Where Linux distributions keep shared libraries; enough to tell whether NSS is installed. */
const LIBRARY_FOLDERS = [
  '/lib/x86_64-linux-gnu',
  '/usr/lib/x86_64-linux-gnu',
  '/usr/lib64',
  '/usr/lib',
  '/lib64',
  '/lib',
];

const isRoot = process.getuid?.() === 0;

/** Chromium refuses its sandbox to root; the rest keeps it quiet and inside small containers. */
const FLAGS = [
  ...(isRoot ? ['--no-sandbox'] : []),
  '--disable-dev-shm-usage',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-gpu',
];

export interface Browser {
  executablePath: string;
  args: string[];
}

/**
 * The browser of the tests: CHROMIUM_PATH, one of the system, Playwright's own, else the one inside
 * the npm package @sparticuz/chromium, which needs no download and no root.
 * `TASKATLAS_BROWSER` = system, playwright or bundled takes only that kind.
 */
export async function findBrowser(env: NodeJS.ProcessEnv = process.env): Promise<Browser> {
  if (env.CHROMIUM_PATH) {
    if (!existsSync(env.CHROMIUM_PATH)) throw new Error(`CHROMIUM_PATH names no file: ${env.CHROMIUM_PATH}`);
    return { executablePath: env.CHROMIUM_PATH, args: FLAGS };
  }
  const only = env.TASKATLAS_BROWSER;
  const allowed = (kind: string): boolean => only === undefined || only === kind;
  const system = allowed('system') ? SYSTEM.find((path) => existsSync(path)) : undefined;
  if (system !== undefined) return { executablePath: system, args: FLAGS };
  const own = chromium.executablePath();
  if (allowed('playwright') && existsSync(own)) return { executablePath: own, args: FLAGS };
  if (allowed('bundled')) return { executablePath: await bundled(), args: FLAGS };
  throw new Error(`No browser of kind "${only}" found. Unset TASKATLAS_BROWSER or set CHROMIUM_PATH.`);
}

/**
 * The package unpacks to fixed names in the temporary folder, so every user gets a folder of their own.
 * Where NSS is not installed its own copies of the libraries (meant for Amazon Linux) are unpacked too.
 */
async function bundled(): Promise<string> {
  const folder = join(tmpdir(), `taskatlas-browser-${userInfo().uid}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const before = process.env.TMPDIR;
  process.env.TMPDIR = folder;
  if (!LIBRARY_FOLDERS.some((place) => existsSync(join(place, 'libnss3.so')))) {
    process.env.AWS_LAMBDA_JS_RUNTIME ??= 'nodejs22.x';
  }
  try {
    const { default: packaged } = await import('@sparticuz/chromium');
    return await packaged.executablePath();
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
}
