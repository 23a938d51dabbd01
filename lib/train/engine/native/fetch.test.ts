import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findProgram, runCommand, stoppable, tail } from './command';
import { wrongAnswers } from './known-answer';
import { reasonIn, stallWatch } from './vendor';
import { faults } from './verify';
import {
  cudaRequirements,
  downloadWheel,
  missingIn,
  parseMetadata,
  unpackCuda,
  unpackTensorflow,
} from './wheel';

describe('commands', () => {
  it('give their output and code, and never throw', async () => {
    const fine = await runCommand(process.execPath, [
      '-e',
      'console.log("out"); console.error("err"); process.exit(3)',
    ]);
    expect(fine).toMatchObject({ code: 3, stdout: 'out\n', stoppedBecause: null });
    expect(fine.output).toContain('err');
    expect((await runCommand('/no/such/program', [])).code).toBeNull();
    expect(tail('a\nb\nc\n', 2)).toBe('b\nc');
  });

  it('end with all of their children when the watch says so', async () => {
    // The grandchild holds the output open: without its end this would wait for ten minutes.
    const script =
      'require("child_process").spawn("sleep", ["600"], { stdio: "inherit" }); setInterval(() => {}, 1000);';
    const stopped = await runCommand(process.execPath, ['-e', script], { watch: () => 'enough' });
    expect(stopped).toMatchObject({ code: null, stoppedBecause: 'enough' });
  });
});

describe('a signal', () => {
  /** Holds its output open by a grandchild, as pip and make do. */
  const script =
    'require("child_process").spawn("sleep", ["600"], { stdio: "inherit" }); setInterval(() => {}, 1000);';

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    '%s stops the command that runs, and the next',
    async (signal) => {
      const listeners = process.listenerCount(signal);
      const work = stoppable(async () => {
        setTimeout(() => process.kill(process.pid, signal), 300);
        await expect(runCommand(process.execPath, ['-e', script])).rejects.toMatchObject({
          code: 'cancelled',
        });
        await runCommand(process.execPath, ['-e', '']);
      });
      await expect(work).rejects.toMatchObject({ code: 'cancelled' });
      expect(process.listenerCount(signal)).toBe(listeners);
      expect(await runCommand(process.execPath, ['-e', ''])).toMatchObject({ code: 0 });
    },
  );
});

describe("the vendor's download", () => {
  it('is given up when it stands still, not while it moves', () => {
    let bytes = 0;
    const watch = stallWatch(() => bytes, 20);
    expect(watch(0)).toBeNull();
    bytes = 10;
    expect(watch(19)).toBeNull();
    expect(watch(38)).toBeNull();
    expect(watch(39)).toBe('nothing arrived for 20 seconds');
  });

  it('fails with the one line that says why', () => {
    const trace =
      'node:events:496\n      throw er;\n\nError: getaddrinfo ENOTFOUND somewhere.test\n    at GetAddrInfo (node:dns:111:26)';
    expect(reasonIn(trace)).toBe('Error: getaddrinfo ENOTFOUND somewhere.test');
    expect(reasonIn('* Downloading\nsomething odd\n')).toBe('something odd');
    expect(reasonIn('')).toBe('no message');
  });
});

describe('a wheel that cannot be had', () => {
  it('is told with pip’s own reason', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'taskatlas-pip-'));
    const python = join(folder, 'python3');
    writeFileSync(python, '#!/bin/sh\necho "/usr/bin/python3: No module named pip" >&2\nexit 1\n', {
      mode: 0o755,
    });
    const said: string[] = [];
    const wheels = [{ requirement: 'tensorflow==1', tags: [] }];
    await expect(downloadWheel(python, wheels, folder, (line) => said.push(line))).rejects.toThrow(
      /No TensorFlow wheel/,
    );
    expect(said).toEqual(['  tensorflow==1: not to be had (/usr/bin/python3: No module named pip)']);
    rmSync(folder, { recursive: true });
  });
});

describe('metadata of a wheel', () => {
  const text = [
    'Name: tensorflow',
    'Version: 2.21.0',
    'Requires-Dist: numpy>=1.26.0',
    'Requires-Dist: nvidia-cublas-cu12<13.0,>=12.5.3.2; extra == "and-cuda"',
    "Requires-Dist: nvidia-cudnn-cu12 (<10.0,>=9.3.0.75) ; extra == 'and-cuda'",
    'Requires-Dist: tensorflow-io-gcs-filesystem>=0.23.1; extra == "gcs-filesystem"',
    'Unpacked: 2',
  ].join('\n');

  it('names version and CUDA libraries', () => {
    const metadata = parseMetadata(text);
    expect(metadata).toMatchObject({ name: 'tensorflow', version: '2.21.0' });
    expect(cudaRequirements(metadata.requires)).toEqual([
      'nvidia-cublas-cu12<13.0,>=12.5.3.2',
      'nvidia-cudnn-cu12<10.0,>=9.3.0.75',
    ]);
  });
});

describe('libraries that ldd misses', () => {
  it('are read from its output', () => {
    const text =
      '\tlibcuda.so.1 => not found\n\tlibc.so.6 => /lib/libc.so.6 (0x1)\n\tlibx.so.2 => not found\n';
    expect(missingIn(text)).toEqual(['libcuda.so.1', 'libx.so.2']);
  });
});

const python = findProgram('python3');
describe.skipIf(python === null)('native engine: unpacking a wheel (SKIPPED without python3)', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'taskatlas-wheel-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const wheel = (members: Record<string, string>, name = 'made.whl'): string => {
    const file = join(folder, name);
    const script =
      'import json,sys,zipfile\nwith zipfile.ZipFile(sys.argv[1],"w") as z:\n for n,t in json.loads(sys.argv[2]).items(): z.writestr(n,t)';
    execFileSync(python ?? 'python3', ['-c', script, file, JSON.stringify(members)]);
    return file;
  };
  const whole = {
    'tensorflow/libtensorflow_cc.so.2': 'cc',
    'tensorflow/libtensorflow_framework.so.2': 'framework',
    'tensorflow/include/tensorflow/c/c_api.h': '//',
    'tensorflow/python/large.so': 'not wanted',
    'tensorflow-2.21.0.dist-info/METADATA': 'Name: tensorflow\nVersion: 2.21.0\n',
  };

  it('lays it out as the binding wants it', async () => {
    const target = join(folder, 'package');
    const metadata = await unpackTensorflow(python ?? '', wheel(whole), target);
    expect(metadata.version).toBe('2.21.0');
    expect(readlinkSync(join(target, 'deps/lib/libtensorflow.so'))).toBe('libtensorflow_cc.so.2');
    expect(existsSync(join(target, 'deps/include/tensorflow/c/c_api.h'))).toBe(true);
    expect(existsSync(join(target, 'wheel'))).toBe(false);
  });

  it('refuses a wheel without the libraries, and one that writes outside of its folder', async () => {
    const { 'tensorflow/libtensorflow_cc.so.2': _, ...without } = whole;
    await expect(unpackTensorflow(python ?? '', wheel(without), join(folder, 'a'))).rejects.toThrow(
      /holds no libtensorflow_cc/,
    );
    const evil = { ...whole, 'tensorflow/include/tensorflow/c/../../../../../../evil.h': 'x' };
    await expect(unpackTensorflow(python ?? '', wheel(evil), join(folder, 'b'))).rejects.toThrow(
      /outside of itself/,
    );
  });

  it('takes CUDA libraries from wheels that lie beside it, without asking anybody', async () => {
    wheel(
      { 'nvidia/cublas/lib/libcublas.so.12': 'cublas', 'nvidia/__init__.py': '' },
      'nvidia_cublas_cu12-12.9-py3-none-any.whl',
    );
    const target = join(folder, 'package');
    const said: string[] = [];
    const options = {
      python: python ?? '',
      tags: [],
      beside: folder,
      downloads: join(folder, 'downloads'),
      packageDirectory: target,
      say: (line: string) => void said.push(line),
    };
    const requires = ['numpy', 'nvidia-cublas-cu12<13.0,>=12.5.3.2; extra == "and-cuda"'];
    expect(await unpackCuda({ ...options, requires })).toBe(1);
    expect(existsSync(join(target, 'deps/nvidia/cublas/lib/libcublas.so.12'))).toBe(true);
    expect(existsSync(options.downloads)).toBe(false);
    expect(said).toEqual(['  nvidia-cublas-cu12 (from nvidia_cublas_cu12-12.9-py3-none-any.whl)']);
    await expect(unpackCuda({ ...options, requires: ['numpy'] })).rejects.toThrow(
      /wheel `tensorflow` is wanted/,
    );
  });
});

describe('the verdict on an engine', () => {
  const good = {
    device: 'cpu',
    checked: 8,
    wrong: [],
    steps: 100,
    tensorsLeaked: 0,
    firstLoss: 1,
    lastLoss: 0.1,
    startMilliseconds: 500,
  } as const;

  it('is none for right numbers, falling loss and no leak', () => expect(faults(good)).toEqual([]));

  it('names wrong numbers, leaks and a loss that does not fall', () => {
    const wrong = wrongAnswers([
      { what: 'right', expected: [100], actual: [100.0005] },
      { what: 'off', expected: [1, 2], actual: [1, 2.1] },
      { what: 'short', expected: [1, 2], actual: [1] },
      { what: 'not a number', expected: [1], actual: [Number.NaN] },
    ]);
    expect(wrong.map(({ what }) => what)).toEqual(['off', 'short', 'not a number']);
    expect(faults({ ...good, wrong })[0]).toBe('off: expected 1 2, got 1 2.1');
    expect(faults({ ...good, tensorsLeaked: 3 })).toEqual([
      '3 tensors were left behind by 100 training steps',
    ]);
    expect(faults({ ...good, lastLoss: Number.NaN })[0]).toMatch(/did not lower the loss/);
  });
});
