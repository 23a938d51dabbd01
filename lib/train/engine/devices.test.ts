import { describe, expect, it } from 'vitest';
import {
  gpusHidden,
  parseDevice,
  parseGpuTable,
  placeWorkers,
  visibleGpus,
  type WorkerRequest,
} from './devices';

const table = `0, GPU-aa11, NVIDIA H100 80GB HBM3, 81559
1, GPU-bb22, NVIDIA H100 80GB HBM3, 81559
2, GPU-cc33, NVIDIA L4, [N/A]
`;
const gpus = parseGpuTable(table);

describe('the list of GPUs', () => {
  it('is read from the driver’s table', () => {
    expect(gpus.map(({ id, name, memoryMegabytes }) => [id, name, memoryMegabytes])).toEqual([
      ['0', 'NVIDIA H100 80GB HBM3', 81559],
      ['1', 'NVIDIA H100 80GB HBM3', 81559],
      ['2', 'NVIDIA L4', null],
    ]);
    expect(parseGpuTable('NVIDIA-SMI has failed because it could not communicate with the driver.')).toEqual(
      [],
    );
  });

  it.each([
    [undefined, ['0', '1', '2']],
    ['2,0', ['2', '0']],
    ['GPU-bb', ['GPU-bb']],
    ['', []],
    ['-1', []],
    ['1,7,0', ['1']],
    ['MIG-9f,0', ['MIG-9f', '0']],
  ])('CUDA_VISIBLE_DEVICES=%s leaves %j', (value, expected) => {
    expect(visibleGpus(gpus, { CUDA_VISIBLE_DEVICES: value }).map((gpu) => gpu.id)).toEqual(expected);
    expect(gpusHidden({ CUDA_VISIBLE_DEVICES: value })).toBe(expected.length === 0);
  });
});

describe('the choice of a device', () => {
  it.each([
    [undefined, { kind: 'auto' }],
    ['auto', { kind: 'auto' }],
    ['cpu', { kind: 'cpu' }],
    ['gpu', { kind: 'gpu', ids: null }],
    ['gpu:0,2', { kind: 'gpu', ids: ['0', '2'] }],
  ])('%s', (text, expected) => {
    expect(parseDevice(text, '--device')).toEqual(expected);
  });

  it.each(['cuda', 'gpu:', 'gpu:a', 'gpu:0,', 'gpu:1,1'])(
    '%s is refused by the name of its field',
    (text) => {
      expect(() => parseDevice(text, '--device')).toThrow(`--device: "${text}" is no device`);
    },
  );
});

describe('workers', () => {
  const place = (request: Partial<WorkerRequest>) =>
    placeWorkers({ device: { kind: 'auto' }, gpus, gpuEngine: true, cores: 16, ...request });
  const seen = (request: Partial<WorkerRequest>) =>
    place(request).map(({ environment }) => environment.CUDA_VISIBLE_DEVICES);

  it('each see one GPU: one per GPU, or several', () => {
    expect(seen({})).toEqual(['0', '1', '2']);
    expect(place({}).map(({ threads }) => threads)).toEqual([5, 5, 5]);
    expect(seen({ workersPerGpu: 2 })).toEqual(['0', '1', '2', '0', '1', '2']);
    expect(seen({ workers: 4 })).toEqual(['0', '1', '2', '0']);
    expect(seen({ device: { kind: 'gpu', ids: ['2'] }, workersPerGpu: 3 })).toEqual(['2', '2', '2']);
    for (const { environment } of place({})) expect(environment.TF_FORCE_GPU_ALLOW_GROWTH).toBe('true');
  });

  it('share the cores where no GPU is used, and then see none if the processor was asked for', () => {
    for (const request of [{ gpus: [] }, { gpuEngine: false }, { engine: 'wasm' as const }]) {
      expect(seen({ ...request, cores: 2 })).toEqual([undefined, undefined]);
    }
    expect(seen({ device: { kind: 'cpu' }, cores: 2 })).toEqual(['-1', '-1']);
    expect(place({ gpus: [], cores: 2, workers: 0 })).toEqual([]);
  });

  it.each([
    [{ gpus: [] }, /No NVIDIA GPU is visible/],
    [{ gpuEngine: false }, /engine install --gpu/],
    [{ engine: 'wasm' as const }, /wasm does not compute on GPUs/],
    [{ device: { kind: 'gpu', ids: ['5'] } as const }, /no GPU 5 here; visible: 0, 1, 2/],
  ])('say what is missing when a GPU was asked for: %j', (request, message) => {
    expect(() => place({ device: { kind: 'gpu', ids: null }, ...request })).toThrow(message);
  });
});
