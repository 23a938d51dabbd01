import type { TaskDeclaration } from '../core';
import { ROOMS_TASKS } from './tasks-rooms';

const FROM_ROOMS = ['autoencoding', 'denoising', 'inpainting', 'jigsaw', 'edges-2d', 'random-projection'];

const CLASSIFICATION: TaskDeclaration = {
  id: 'classification',
  name: 'Classification',
  summary: 'The class of the picture (10 classes).',
  roles: ['source', 'target'],
  family: 'semantics',
  input: 'rgb',
  head: { kind: 'classes', classes: 10 },
  loss: 'cross-entropy',
  metric: { name: 'accuracy', unit: '%', higherIsBetter: true },
  labelCost: 1,
  version: 1,
};

const rotation = ROOMS_TASKS.filter((t) => t.id === 'rotation').map(
  (t): TaskDeclaration => ({ ...t, roles: ['source', 'target'] }),
);

/** Tasks on IDX files (MNIST, Fashion-MNIST …). */
export const IDX_TASKS: readonly TaskDeclaration[] = [
  CLASSIFICATION,
  ...rotation,
  ...ROOMS_TASKS.filter((t) => FROM_ROOMS.includes(t.id)),
];
