import { describe, expect, it } from 'vitest';
import type { MachineFacts } from './facts';
import { TESTED_TENSORFLOW } from './layout';
import { type InstallRequest, planInstall, wheelRequirements } from './plan';

const machine: MachineFacts = {
  platform: 'linux',
  arch: 'x64',
  python: '/usr/bin/python3',
  npm: '/usr/lib/node_modules/npm/bin/npm-cli.js',
  compiler: '/usr/bin/g++',
  make: '/usr/bin/make',
  tar: '/usr/bin/tar',
  nodeGyp: '/usr/lib/node_modules/npm/node_modules/node-gyp/bin/node-gyp.js',
  nodeHeaders: '/usr',
  nvidia: false,
  freeBytes: 100 * 1024 ** 3,
};
const request: InstallRequest = { variant: 'cpu', wheel: null, tensorflow: TESTED_TENSORFLOW, vendor: true };

describe('plan of an installation', () => {
  it('tries the vendor, then the tested wheel built by node-gyp', () => {
    const plan = planInstall(request, machine);
    expect(plan).toMatchObject({ tryVendor: true, build: 'node-gyp', blockers: [], notes: [] });
    expect(plan.wheels[0]).toEqual({ requirement: `tensorflow-cpu==${TESTED_TENSORFLOW}`, tags: [] });
  });

  it('calls the compiler itself where node-gyp, make or the headers are missing', () => {
    for (const missing of [{ nodeGyp: null }, { make: null }, { nodeHeaders: null }])
      expect(planInstall(request, { ...machine, ...missing }).build).toBe('compiler');
  });

  it('says what is missing and how to get it, and still tries the vendor', () => {
    const plan = planInstall(request, { ...machine, python: null, compiler: null });
    expect(plan.build).toBeNull();
    expect(plan.tryVendor).toBe(true);
    expect(plan.blockers.join('\n')).toMatch(/python3 is missing.*apt-get install/);
    expect(plan.blockers.join('\n')).toMatch(/C\+\+ compiler is missing/);
  });

  it('asks nobody for a wheel that is given', () => {
    const plan = planInstall({ ...request, wheel: '/tmp/tensorflow.whl' }, machine);
    expect(plan).toMatchObject({ tryVendor: false, wheels: [], build: 'node-gyp' });
  });

  it('does not start what the disk cannot hold', () => {
    const plan = planInstall({ ...request, variant: 'gpu' }, { ...machine, freeBytes: 3 * 1024 ** 3 });
    expect(plan.build).toBeNull();
    expect(plan.blockers[0]).toMatch(/12 GiB of free disk space are needed, 3\.0 GiB are there/);
  });

  it('tells plainly when GPU code cannot be run here', () => {
    expect(planInstall({ ...request, variant: 'gpu' }, machine).notes[0]).toMatch(
      /No NVIDIA driver.*processor only/,
    );
    expect(planInstall({ ...request, variant: 'gpu' }, { ...machine, nvidia: true }).notes).toEqual([]);
    expect(planInstall(request, { ...machine, nvidia: true }).notes[0]).toMatch(/--gpu/);
  });

  it('leaves other systems to the vendor', () => {
    const plan = planInstall(request, { ...machine, platform: 'darwin', arch: 'arm64' });
    expect(plan).toMatchObject({ tryVendor: true, build: null });
    expect(plan.blockers[0]).toMatch(/Linux only/);
  });

  it('warns about a version that was not tested', () => {
    expect(planInstall({ ...request, tensorflow: '2.16.1' }, machine).notes[0]).toMatch(
      /2\.16\.1 was not tested/,
    );
  });
});

describe('wheels to ask for', () => {
  it('falls back to any Python, any version, and on Arm to the one package that exists', () => {
    const wheels = wheelRequirements('cpu', '2.21.0', 'arm64');
    expect(wheels.map(({ requirement }) => requirement)).toEqual([
      'tensorflow==2.21.0',
      'tensorflow==2.21.0',
      'tensorflow',
    ]);
    expect(wheels[1]?.tags).toContain('--platform=manylinux_2_27_aarch64');
  });

  it('takes no other version in place of one that was asked for', () => {
    const wheels = wheelRequirements('cpu', '2.18.0', 'x64');
    expect(wheels.every(({ requirement }) => requirement.endsWith('==2.18.0'))).toBe(true);
  });

  it('never asks for tensorflow-cpu when a GPU is meant', () => {
    expect(
      wheelRequirements('gpu', '2.21.0', 'x64').every(({ requirement }) => !requirement.includes('cpu')),
    ).toBe(true);
  });
});
