import { type RunKind, TaskatlasError } from '../core';

/** Declaration of one way to learn a task, trained or fitted. Training code is in lib/train/methods/<id>.ts. */
export interface MethodDeclaration {
  id: string;
  kind: RunKind;
  name: string;
  summary: string;
  /** Where the method comes from. */
  source: string;
  /** Raised by hand when results change for the same recipe: it is part of the fingerprint (DESIGN §5). */
  version: number;
  /** Which default training options of a preset apply; null when nothing is trained by gradient. */
  training: 'source' | 'transfer' | 'scratch' | null;
  /** What the method needs of its sources' artifacts. */
  needs: readonly ('features' | 'weights')[];
}

const METHODS: readonly MethodDeclaration[] = [
  {
    id: 'source',
    kind: 'source',
    name: 'Task-specific network',
    summary: 'Encoder and decoder trained on the source pool; the gold reference, and its encoder a source.',
    source: 'Taskonomy (Zamir et al. 2018), section 3.1',
    version: 1,
    training: 'source',
    needs: [],
  },
  {
    id: 'scratch',
    kind: 'scratch',
    name: 'Scratch',
    summary: 'The network of a transfer from random weights, trained on the transfer pool only.',
    source: 'Taskonomy, section 4 (reference of gain)',
    version: 1,
    training: 'scratch',
    needs: [],
  },
  {
    id: 'mean',
    kind: 'mean',
    name: 'Mean predictor',
    summary: 'Per-pixel median or mean image, constant vector or class prior of the transfer pool.',
    source: 'Taskonomy, section 4 (average estimator)',
    version: 1,
    training: null,
    needs: [],
  },
  {
    id: 'probe',
    kind: 'probe',
    name: 'Ridge probe',
    summary:
      'Closed-form linear read-out of every target from one source’s frozen features: a preliminary matrix.',
    source: 'Linear probes (Alain & Bengio 2016), ridge regression',
    version: 2,
    training: null,
    needs: ['features'],
  },
  {
    id: 'readout',
    kind: 'transfer',
    name: 'Readout transfer',
    summary: 'Frozen encoders, shallow readout of their codes, decoder from scratch.',
    source: 'Taskonomy, section 3.2',
    version: 1,
    training: 'transfer',
    needs: ['features'],
  },
];

/** Declaration by id; for runs that are not transfers the id is the run's kind. */
function methodById(id: string): MethodDeclaration {
  const method = METHODS.find((candidate) => candidate.id === id);
  if (!method) {
    const known = METHODS.map((candidate) => candidate.id).join(', ');
    throw new TaskatlasError('invalid-input', `There is no method "${id}"; known methods: ${known}.`);
  }
  return method;
}

export const methodVersion = (id: string): number => methodById(id).version;
