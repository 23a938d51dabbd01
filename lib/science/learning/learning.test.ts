import { describe, expect, it } from 'vitest';
import { createRng, type Rng } from '../core';
import {
  adamStep,
  adapt,
  contrastiveStep,
  coralDistance,
  cosineRate,
  differenceCurvature,
  distillationLoss,
  hiddenProbabilities,
  logisticADistance,
  logisticRegression,
  type MetaTask,
  meanCentredTie,
  metaGradient,
  multistepRate,
  pairwiseTie,
  pseudoLabels,
  type Rbm,
  reptileDirection,
  reversalFactor,
  reversalWeight,
  sgdStep,
  squaredMmd,
  supportVectorADistance,
  supportVectorMachine,
} from '.';

const normals = (rng: Rng, n: number, scale = 1): Float64Array =>
  Float64Array.from({ length: n }, () => scale * rng.normal());

/** Central differences of a scalar function. */
function slope(f: (x: Float64Array) => number, x: Float64Array): Float64Array {
  const h = 1e-5;
  return x.map((_, i) => {
    const moved = (by: number) => f(x.map((v, k) => (k === i ? v + by : v)));
    return (moved(h) - moved(-h)) / (2 * h);
  });
}

const expectClose = (actual: ArrayLike<number>, expected: ArrayLike<number>, digits: number): void => {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < actual.length; i++) expect(actual[i]).toBeCloseTo(expected[i] as number, digits);
};

describe('distillation', () => {
  it('gives the slope of its loss at any temperature, and ignores impossible classes', () => {
    const rng = createRng(1);
    const [student, teacher] = [normals(rng, 12), normals(rng, 12, 3)];
    for (const T of [0.5, 1, 4]) {
      const { gradient } = distillationLoss(student, teacher, 4, T);
      expectClose(
        gradient,
        slope((z) => distillationLoss(z, teacher, 4, T).loss, student),
        7,
      );
    }
    const { loss } = distillationLoss([0, 0], [0, Number.NEGATIVE_INFINITY], 2, 1);
    expect(loss).toBeCloseTo(Math.log(2), 12);
  });

  it('refuses unequal shapes and a temperature that is not positive', () => {
    expect(() => distillationLoss([1, 2], [1, 2, 3], 2, 1)).toThrow(/equally many rows/);
    expect(() => distillationLoss([1, 2], [1, 2], 2, 0)).toThrow(/temperature/);
  });
});

/** A smooth loss with a changing Hessian: Σ ln cosh(aᵢ·w − bᵢ). */
function smoothTask(rng: Rng, size: number): MetaTask {
  const part = () => {
    const rows = Array.from({ length: 5 }, () => ({ a: normals(rng, size), b: rng.normal() }));
    const reach = (a: Float64Array, w: Float64Array) =>
      a.reduce((sum, x, i) => sum + x * (w[i] as number), 0);
    return {
      at: (w: Float64Array) => {
        const gradient = new Float64Array(size);
        let loss = 0;
        for (const { a, b } of rows) {
          const z = reach(a, w) - b;
          loss += Math.log(Math.cosh(z));
          a.forEach((x, i) => {
            gradient[i] = (gradient[i] as number) + Math.tanh(z) * x;
          });
        }
        return { loss, gradient };
      },
      bend: (w: Float64Array, v: Float64Array) => {
        const out = new Float64Array(size);
        for (const { a, b } of rows) {
          const weight = reach(a, v) / Math.cosh(reach(a, w) - b) ** 2;
          a.forEach((x, i) => {
            out[i] = (out[i] as number) + weight * x;
          });
        }
        return out;
      },
    };
  };
  const [support, query] = [part(), part()];
  return { support: support.at, query: query.at, curvature: support.bend };
}

describe('meta-learning', () => {
  const rng = createRng(2);
  const task = smoothTask(rng, 4);
  const start = normals(rng, 4, 0.3);
  const rates = Float64Array.of(0.05, 0.1, 0.02, 0.2);

  it('MAML’s gradient is the slope of the query loss after adaptation, by start and by learning rates', () => {
    const { gradient, rateGradient, queryLoss, adapted } = metaGradient(task, start, rates, 3);
    expectClose(
      gradient,
      slope((w) => task.query(adapt(task, w, rates, 3)).loss, start),
      6,
    );
    expectClose(
      rateGradient,
      slope((a) => task.query(adapt(task, start, a, 3)).loss, rates),
      6,
    );
    expect(queryLoss).toBe(task.query(adapted).loss);
  });

  it('first-order MAML leaves the Hessian out, and is the same where the inner rate is 0', () => {
    const first = { support: task.support, query: task.query };
    expect(metaGradient(first, start, 0.1, 2).gradient).toEqual(
      task.query(adapt(task, start, 0.1, 2)).gradient,
    );
    expectClose(metaGradient(task, start, 0, 2).gradient, metaGradient(first, start, 0, 2).gradient, 12);
  });

  it('differences of gradients give the Hessian’s product', () => {
    const v = normals(rng, 4);
    const exact = task.curvature?.(start, v) as Float64Array;
    expectClose(
      differenceCurvature((w) => task.support(w).gradient, start, v, 1e-3),
      exact,
      4,
    );
    expect(differenceCurvature(() => v, start, new Float64Array(4))).toEqual(new Float64Array(4));
  });

  it('Reptile moves toward the mean of the adapted weights', () => {
    expect(reptileDirection(Float64Array.of(1, 1), [Float64Array.of(2, 1), Float64Array.of(4, 1)])).toEqual(
      Float64Array.of(2, 0),
    );
  });
});

describe('optimisers and schedules', () => {
  it('descend a parabola in single precision too, in place', () => {
    for (const step of ['sgd', 'adam'] as const) {
      const w = Float32Array.of(3, -2);
      const moments = { first: new Float32Array(2), second: new Float32Array(2) };
      for (let t = 1; t <= 300; t++) {
        if (step === 'sgd') sgdStep(w, Float32Array.from(w), moments.first, 0.05, t, { momentum: 0.5 });
        else adamStep(w, Float32Array.from(w), moments, 0.05, t);
      }
      expect(Math.hypot(w[0] as number, w[1] as number)).toBeLessThan(1e-2);
    }
  });

  it('count repeated milestones, end the cosine at its minimum, and reverse gradients from 0', () => {
    expect(multistepRate(1, 2, [0, 2, 2, 5], 0.5)).toBeCloseTo(0.125, 12);
    expect(cosineRate(1, 10, 10, 0.1)).toBeCloseTo(0.1, 12);
    expect([reversalWeight(0), reversalFactor(0.3)]).toEqual([0, -0.3]);
    expect(reversalWeight(1)).toBeGreaterThan(0.999);
  });
});

describe('soft sharing', () => {
  it('gives the slopes of both ties', () => {
    const rng = createRng(3);
    const own = normals(rng, 5);
    const others = [normals(rng, 5), normals(rng, 5)];
    for (const tie of [pairwiseTie, meanCentredTie]) {
      const { gradients } = tie([own, ...others], 0.7);
      expectClose(
        gradients[0] as Float64Array,
        slope((w) => tie([w, ...others], 0.7).loss, own),
        7,
      );
    }
    expect(() => pairwiseTie([[1], [1, 2]], 1)).toThrow(/equally many/);
  });
});

describe('restricted Boltzmann machine', () => {
  it('learns two patterns by contrastive divergence and tells them apart', () => {
    const rng = createRng(4);
    const patterns = [
      [1, 1, 1, 0, 0, 0],
      [0, 0, 0, 1, 1, 1],
    ];
    let rbm: Rbm = {
      visible: 6,
      hidden: 2,
      weights: normals(rng, 12, 0.1),
      visibleBias: new Float64Array(6),
      hiddenBias: new Float64Array(2),
    };
    const uniforms = (n: number) => Float64Array.from({ length: n }, () => rng.next());
    const errors: number[] = [];
    for (let t = 0; t < 400; t++) {
      const batch = Float64Array.from(
        { length: 8 * 6 },
        (_, i) => patterns[Math.floor(i / 6) % 2]?.[i % 6] as number,
      );
      const step = contrastiveStep(rbm, batch, { hidden: uniforms(16), visible: uniforms(48) }, 0.3);
      rbm = step.rbm;
      errors.push(step.reconstruction);
    }
    expect(errors.at(-1)).toBeLessThan((errors[0] as number) / 3);
    const codes = hiddenProbabilities(rbm, patterns.flat());
    expect(
      Math.abs((codes[0] as number) - (codes[2] as number)) +
        Math.abs((codes[1] as number) - (codes[3] as number)),
    ).toBeGreaterThan(0.5);
    expect(() => contrastiveStep(rbm, [1, 2], { hidden: [], visible: [] }, 0.1)).toThrow(/rows of 6 units/);
  });
});

describe('pseudo-labels', () => {
  it('keeps a confidence equal to the threshold and takes the first of equals', () => {
    expect(pseudoLabels([0, 0, 3, 0], 2, 0.5)).toMatchObject({ selected: [0, 1], labels: [0, 0] });
    expect(pseudoLabels([0, 0, 3, 0], 2, 0.6)).toMatchObject({ selected: [1], labels: [0] });
  });
});

describe('distances between domains', () => {
  const rng = createRng(5);
  const near = normals(rng, 120);
  const shifted = normals(rng, 120).map((x) => x + 4);

  it('grow with a shift; CORAL sees covariances only', () => {
    const same = normals(rng, 120);
    expect(squaredMmd(near, shifted, 3)).toBeGreaterThan(5 * squaredMmd(near, same, 3));
    expect(
      coralDistance(
        near,
        near.map((x) => x + 4),
        3,
      ),
    ).toBeCloseTo(0, 12);
    expect(
      coralDistance(
        near,
        near.map((x) => 2 * x),
        3,
      ),
    ).toBeGreaterThan(0.1);
    expect(coralDistance([1, 2], [3, 4], 2)).toBeNaN();
    expect(() => squaredMmd(near, [1, 2], 3)).toThrow(/rows of 3 features/);
  });

  it('proxy A-distance is 2 for domains that are told apart, by either classifier', () => {
    const even = Array.from({ length: 80 }, (_, i) => i);
    const train = even.filter((i) => i % 2 === 0);
    const test = even.filter((i) => i % 2 === 1);
    expect(logisticADistance({ source: near, target: shifted, columns: 3, train, test })).toBe(2);
    expect(supportVectorADistance(near, shifted, 3)).toBe(2);
    expect(() =>
      logisticADistance({ source: near, target: shifted, columns: 3, train: [0, 1], test }),
    ).toThrow(/both classes/);
    expect(() => logisticADistance({ source: near, target: shifted, columns: 3, train, test: [80] })).toThrow(
      /beyond the 80 rows/,
    );
  });

  it('linear classifiers meet their optimality conditions', () => {
    const labels = Array.from({ length: 40 }, (_, i): 0 | 1 => (i % 3 === 0 ? 1 : 0));
    const { coefficients, intercept } = logisticRegression({ rows: near, columns: 3, labels });
    const residual = labels.map((y, r) => {
      const f = coefficients.reduce((sum, w, c) => sum + w * (near[r * 3 + c] as number), intercept);
      return 1 / (1 + Math.exp(-f)) - y;
    });
    coefficients.forEach((w, c) => {
      const g = residual.reduce((sum, e, r) => sum + e * (near[r * 3 + c] as number), w);
      expect(g).toBeCloseTo(0, 9);
    });
    expect(residual.reduce((sum, e) => sum + e, 0)).toBeCloseTo(0, 9);
    // Two points at −1 and 1: the widest margin has slope 1 and offset 0.
    const two = supportVectorMachine({ rows: [-1, 1], columns: 1, labels: [0, 1] }, 10);
    expect(two.coefficients[0]).toBeCloseTo(1, 6);
    expect(two.intercept).toBeCloseTo(0, 6);
  });
});
