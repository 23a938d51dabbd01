import { z } from 'zod';
import { TaskatlasError } from '@/lib/science/core';
import {
  type AdamMoments,
  adamStep,
  adapt,
  contrastiveStep,
  coralDistance,
  cosineRate,
  dannRate,
  distillationLoss,
  exponentialRate,
  logisticADistance,
  type MetaTask,
  meanCentredTie,
  meanVector,
  metaGradient,
  multistepRate,
  pairwiseTie,
  proxyADistance,
  pseudoLabels,
  reptileDirection,
  reversalFactor,
  reversalWeight,
  sgdStep,
  squaredMmd,
  stepRate,
  supportVectorADistance,
  warmupRate,
} from '@/lib/science/learning';
import { flatten, matvec, transpose, unflatten } from '@/lib/science/numerics';
import { defineMetric, jsonMatrix, jsonVector, type ReferenceMetric } from './reference-metric';

const matrixWidth = (rows: readonly (readonly number[])[]): number => rows[0]?.length ?? 0;

const distillation = defineMetric(
  'T²·KL of softened teacher and student, mean over the batch',
  z.object({ student_logits: jsonMatrix, teacher_logits: jsonMatrix, T: z.number() }),
  ({ student_logits, teacher_logits, T }) => {
    const classes = matrixWidth(student_logits);
    if (matrixWidth(teacher_logits) !== classes)
      throw new TaskatlasError('invalid-input', 'inputs.teacher_logits: as many classes as the student');
    return distillationLoss(flatten(student_logits), flatten(teacher_logits), classes, T).loss;
  },
);

/** Weights over the course of a training, one weight, or a gradient sent back through a reversal layer. */
const reversal = defineMetric(
  'weight of the reversed gradient over training, and the reversed gradient',
  z.union([
    z.object({ p: z.number(), gamma: z.number().default(10) }),
    z.object({
      alpha: z.number(),
      lo: z.number(),
      hi: z.number(),
      max_iters: z.number().positive(),
      n_iters: z.number().int().min(0).max(1e6),
    }),
    z.object({ x: jsonMatrix, w: jsonVector, lambda_: z.number(), upstream: z.number().default(1) }),
  ]),
  (inputs) => {
    if ('p' in inputs) return reversalWeight(inputs.p, inputs.gamma);
    if ('n_iters' in inputs) {
      const { alpha, lo, hi, max_iters, n_iters } = inputs;
      return Array.from({ length: n_iters }, (_, i) => reversalWeight(i / max_iters, alpha, lo, hi));
    }
    const factor = reversalFactor(inputs.lambda_) * inputs.upstream;
    return inputs.x.map(() => inputs.w.map((w) => factor * w));
  },
);

/** Features of a scalar by name: `sincos`, `linear`, or all powers up to that of `poly3`, each with a constant. */
function featuresOf(name: string): (x: number) => number[] {
  if (name === 'sincos') return (x) => [1, Math.sin(x), Math.cos(x)];
  const degree = name === 'linear' ? 1 : Number(/^poly([1-9])$/.exec(name)?.[1]);
  if (!degree)
    throw new TaskatlasError(
      'invalid-input',
      `inputs.features: "${name}" must be sincos, linear or poly1 … poly9`,
    );
  return (x) => Array.from({ length: degree + 1 }, (_, power) => x ** power);
}

/** A linear model's mean squared error on one set of examples: ∇L = 2/n Φᵀ(Φw − y), H = 2/n ΦᵀΦ. */
function leastSquares(phi: number[][], y: readonly number[]) {
  const [n, d] = [phi.length, matrixWidth(phi)];
  const flat = flatten(phi);
  const turned = transpose(flat, n, d);
  const scaled = (v: Float64Array): Float64Array => matvec(turned, v, d, n).map((g) => (2 * g) / n);
  return {
    at: (w: Float64Array) => {
      const residual = matvec(flat, w, n, d).map((f, i) => f - (y[i] as number));
      return { loss: residual.reduce((sum, r) => sum + (r * r) / n, 0), gradient: scaled(residual) };
    },
    curvature: (v: Float64Array) => scaled(matvec(flat, v, n, d)),
  };
}

const metaInputs = z.object({
  features: z.string(),
  tasks: z
    .array(
      z.object({
        x_support: jsonVector.min(1),
        y_support: jsonVector,
        x_query: jsonVector.min(1),
        y_query: jsonVector,
      }),
    )
    .min(1),
  w0: jsonVector,
  inner_lr: z.number(),
  outer_lr: z.number(),
  inner_steps: z.number().int().min(0).max(10_000),
});

function metaLearning({ features, tasks, w0, inner_lr, outer_lr, inner_steps }: z.infer<typeof metaInputs>) {
  const start = Float64Array.from(w0);
  const expand = featuresOf(features);
  const full = tasks.map(({ x_support, y_support, x_query, y_query }): MetaTask => {
    if (x_support.length !== y_support.length || x_query.length !== y_query.length)
      throw new TaskatlasError('invalid-input', 'inputs.tasks: as many y as x');
    if (expand(0).length !== w0.length)
      throw new TaskatlasError('invalid-input', `inputs.w0: ${features} has ${expand(0).length} weights`);
    const support = leastSquares(x_support.map(expand), y_support);
    const query = leastSquares(x_query.map(expand), y_query);
    return { support: support.at, query: query.at, curvature: (_, v) => support.curvature(v) };
  });
  const second = full.map((task) => metaGradient(task, start, inner_lr, inner_steps));
  const first = full.map(({ support, query }) =>
    metaGradient({ support, query }, start, inner_lr, inner_steps),
  );
  const maml = meanVector(second.map(({ gradient }) => gradient));
  const fomaml = meanVector(first.map(({ gradient }) => gradient));
  const adapted = full.map((task) => adapt(task, start, inner_lr, inner_steps));
  const reptile = reptileDirection(start, adapted);
  const moved = (direction: Float64Array, by: number) =>
    start.map((w, i) => w + by * (direction[i] as number));
  return {
    adapted,
    query_losses_before_after: full.map((task, i) => [task.query(start).loss, second[i]?.queryLoss]),
    maml_gradient: maml,
    fomaml_gradient: fomaml,
    maml_w: moved(maml, -outer_lr),
    fomaml_w: moved(fomaml, -outer_lr),
    reptile_direction: reptile,
    reptile_w: moved(reptile, outer_lr),
  };
}

const softSharing = defineMetric(
  'L2 ties of soft parameter sharing with their gradients',
  z.object({ task_params: jsonMatrix, lambda_: z.number() }),
  ({ task_params, lambda_ }) => {
    const pairwise = pairwiseTie(task_params, lambda_);
    const centred = meanCentredTie(task_params, lambda_);
    return {
      pairwise_loss: pairwise.loss,
      pairwise_gradient: pairwise.gradients,
      mean_centred_loss: centred.loss,
      mean_centred_gradient: centred.gradients,
    };
  },
);

const machine = defineMetric(
  'one step of contrastive divergence on a binary RBM',
  z.object({
    v0: jsonMatrix,
    W: jsonMatrix,
    b_visible: jsonVector,
    c_hidden: jsonVector,
    lr: z.number(),
    u_hidden: jsonMatrix,
    u_visible: jsonMatrix,
  }),
  ({ v0, W, b_visible, c_hidden, lr, u_hidden, u_visible }) => {
    const [visible, hidden] = [W.length, matrixWidth(W)];
    if (b_visible.length !== visible || c_hidden.length !== hidden || matrixWidth(v0) !== visible)
      throw new TaskatlasError('invalid-input', 'inputs.W: rows as visible units, columns as hidden units');
    const { rbm } = contrastiveStep(
      { visible, hidden, weights: flatten(W), visibleBias: b_visible, hiddenBias: c_hidden },
      flatten(v0),
      { hidden: flatten(u_hidden), visible: flatten(u_visible) },
      lr,
    );
    return {
      W: unflatten(rbm.weights, visible, hidden),
      b_visible: Array.from(rbm.visibleBias),
      c_hidden: Array.from(rbm.hiddenBias),
    };
  },
);

const confident = defineMetric(
  'rows whose confidence reaches the threshold, with their classes',
  z.object({ logits: jsonMatrix, threshold: z.number() }),
  ({ logits, threshold }) => {
    const { selected, labels, confidence } = pseudoLabels(flatten(logits), matrixWidth(logits), threshold);
    return {
      selected,
      pseudo_labels: labels,
      confidence,
      selected_fraction: selected.length / logits.length,
    };
  },
);

const optimiserInputs = z.object({
  params: jsonVector.min(1),
  gradients: z.array(jsonVector),
  lr: z.number(),
  momentum: z.number().optional(),
  dampening: z.number().optional(),
  nesterov: z.boolean().optional(),
  weight_decay: z.number().optional(),
  betas: z.tuple([z.number(), z.number()]).optional(),
  eps: z.number().optional(),
  amsgrad: z.boolean().optional(),
});
type OptimiserInputs = z.infer<typeof optimiserInputs>;

/** Parameters after each step. */
function descend(
  { params, gradients }: OptimiserInputs,
  apply: (parameters: Float64Array, gradient: readonly number[], step: number) => void,
): number[][] {
  const parameters = Float64Array.from(params);
  return gradients.map((gradient, i) => {
    if (gradient.length !== params.length)
      throw new TaskatlasError(
        'invalid-input',
        `inputs.gradients[${i}]: ${params.length} numbers are needed`,
      );
    apply(parameters, gradient, i + 1);
    return Array.from(parameters);
  });
}

const sgd = defineMetric('stochastic gradient descent with momentum', optimiserInputs, (inputs) => {
  const { lr, momentum, dampening, nesterov, weight_decay: weightDecay } = inputs;
  const velocity = new Float64Array(inputs.params.length);
  return descend(inputs, (parameters, gradient, step) =>
    sgdStep(parameters, gradient, velocity, lr, step, { momentum, dampening, nesterov, weightDecay }),
  );
});

const adamMetric = (description: string, decoupled: boolean): ReferenceMetric =>
  defineMetric(description, optimiserInputs, (inputs) => {
    const { lr, betas, eps: epsilon, amsgrad } = inputs;
    const zeros = (): Float64Array => new Float64Array(inputs.params.length);
    const moments: AdamMoments = {
      first: zeros(),
      second: zeros(),
      ...(amsgrad ? { largest: zeros() } : {}),
    };
    // PyTorch's defaults: no decay for Adam, 0.01 for AdamW.
    const weightDecay = inputs.weight_decay ?? (decoupled ? 0.01 : 0);
    const options = { beta1: betas?.[0], beta2: betas?.[1], epsilon, weightDecay, decoupled };
    return descend(inputs, (parameters, gradient, step) =>
      adamStep(parameters, gradient, moments, lr, step, options),
    );
  });

const course = { lr0: z.number(), steps: z.number().int().min(0).max(1e6) };
const schedules = defineMetric(
  'learning rate before each step',
  z.discriminatedUnion('type', [
    z.object({
      type: z.literal('cosine'),
      ...course,
      T_max: z.number().positive(),
      eta_min: z.number().default(0),
    }),
    z.object({
      type: z.literal('step'),
      ...course,
      step_size: z.number().int().positive(),
      gamma: z.number(),
    }),
    z.object({ type: z.literal('multistep'), ...course, milestones: z.array(z.number()), gamma: z.number() }),
    z.object({ type: z.literal('exponential'), ...course, gamma: z.number() }),
    z.object({
      type: z.literal('linear_warmup'),
      ...course,
      start_factor: z.number(),
      end_factor: z.number().default(1),
      total_iters: z.number().positive(),
    }),
    z.object({
      type: z.literal('dann'),
      lr0: z.number(),
      alpha: z.number(),
      beta: z.number(),
      p: jsonVector,
    }),
  ]),
  (s) => {
    if (s.type === 'dann') return s.p.map((p) => dannRate(s.lr0, p, s.alpha, s.beta));
    const rate = (t: number): number => {
      switch (s.type) {
        case 'cosine':
          return cosineRate(s.lr0, t, s.T_max, s.eta_min);
        case 'step':
          return stepRate(s.lr0, t, s.step_size, s.gamma);
        case 'multistep':
          return multistepRate(s.lr0, t, s.milestones, s.gamma);
        case 'exponential':
          return exponentialRate(s.lr0, t, s.gamma);
        case 'linear_warmup':
          return warmupRate(s.lr0, t, s.total_iters, s.start_factor, s.end_factor);
      }
    };
    return Array.from({ length: s.steps + 1 }, (_, t) => rate(t));
  },
);

const domains = z
  .object({ source: jsonMatrix, target: jsonMatrix })
  .refine(({ source, target }) => matrixWidth(source) === matrixWidth(target), 'domains need equal features');

const index = z.array(z.number().int().min(0));
const aDistance = defineMetric(
  'proxy A-distance 2(1 − 2·error): of an error, by logistic regression on a split, or by linear SVMs',
  z.union([
    z.object({ error: z.number() }),
    domains.and(z.object({ train_idx: index, test_idx: index })),
    domains,
  ]),
  (inputs) => {
    if ('error' in inputs) return proxyADistance(inputs.error);
    const [source, target] = [flatten(inputs.source), flatten(inputs.target)];
    const columns = matrixWidth(inputs.source);
    if ('train_idx' in inputs) {
      return logisticADistance({ source, target, columns, train: inputs.train_idx, test: inputs.test_idx });
    }
    return supportVectorADistance(source, target, columns);
  },
);

/** The formulas behind transfer methods. */
export const learningMetrics: Readonly<Record<string, ReferenceMetric>> = {
  kd_loss: distillation,
  grl_schedule: reversal,
  maml: defineMetric('MAML, first-order MAML and Reptile on linear models', metaInputs, metaLearning),
  soft_sharing: softSharing,
  rbm_cd1: machine,
  pseudo_label: confident,
  sgd,
  adam: adamMetric('Adam with weight decay in the gradient', false),
  adamw: adamMetric('AdamW: decoupled weight decay', true),
  lr_schedules: schedules,
  mmd: defineMetric(
    'squared maximum mean discrepancy, RBF kernel, biased',
    domains.and(z.object({ gamma: z.number().positive().default(1) })),
    ({ source, target, gamma }) => squaredMmd(flatten(source), flatten(target), matrixWidth(source), gamma),
  ),
  coral: defineMetric('Deep CORAL distance of covariances', domains, ({ source, target }) =>
    coralDistance(flatten(source), flatten(target), matrixWidth(source)),
  ),
  proxy_a_distance: aDistance,
};
