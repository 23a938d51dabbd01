import type { Tf as Tfjs } from '../types';

/** One comparison of the known-answer step: what a person computed by hand, and what the engine gave. */
export interface KnownAnswer {
  readonly what: string;
  readonly expected: readonly number[];
  readonly actual: readonly number[];
}

const numbers = (tensor: { dataSync(): ArrayLike<number>; dispose(): void }): number[] => {
  const values = Array.from(tensor.dataSync());
  tensor.dispose();
  return values;
};

/**
 * Linear layer, worked by hand. x = 2, w = 3, b = 1, y = 10: prediction 7, loss (7 − 10)² = 9,
 * ∂w = 2·(7 − 10)·2 = −12, ∂b = 2·(7 − 10) = −6; one step of gradient descent at 0.1: w = 4.2, b = 1.6.
 */
function linearStep(tf: Tfjs): KnownAnswer[] {
  const w = tf.tidy(() => tf.variable(tf.tensor2d([[3]]), true, 'known-answer/w'));
  const b = tf.tidy(() => tf.variable(tf.tensor1d([1]), true, 'known-answer/b'));
  const { value, grads } = tf.variableGrads(
    () =>
      tf.tidy(() =>
        tf
          .tensor2d([[2]])
          .matMul(w)
          .add(b)
          .sub(10)
          .square()
          .mean()
          .asScalar(),
      ),
    [w, b],
  );
  const optimizer = tf.train.sgd(0.1);
  optimizer.applyGradients(grads);
  const answers: KnownAnswer[] = [
    { what: 'loss of the linear layer', expected: [9], actual: numbers(value) },
    { what: 'gradient of its weight', expected: [-12], actual: Array.from(grads[w.name]?.dataSync() ?? []) },
    { what: 'gradient of its bias', expected: [-6], actual: Array.from(grads[b.name]?.dataSync() ?? []) },
    { what: 'weight after one step', expected: [4.2], actual: Array.from(w.dataSync()) },
    { what: 'bias after one step', expected: [1.6], actual: Array.from(b.dataSync()) },
  ];
  tf.dispose([grads, w, b]);
  optimizer.dispose();
  return answers;
}

/**
 * Convolution, worked by hand. Image 1…9 in a 3×3 square, filter [[1,0],[0,2]], no padding:
 * output [[1+2·5, 2+2·6], [4+2·8, 5+2·9]] = [[11,14],[20,23]]. For the sum of the outputs, the filter gradient is
 * the sum of each tap's window ([[12,16],[24,28]]) and the image gradient counts the taps that reach a pixel.
 */
function convolutionStep(tf: Tfjs): KnownAnswer[] {
  const image = tf.tensor4d([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 3, 3, 1]);
  const filter = tf.tensor4d([1, 0, 0, 2], [2, 2, 1, 1]);
  const forward = numbers(tf.conv2d(image, filter, 1, 'valid'));
  const gradients = tf.grads((x, f) => tf.conv2d(x as typeof image, f as typeof filter, 1, 'valid').sum());
  const [imageGradient, filterGradient] = gradients([image, filter]);
  const answers: KnownAnswer[] = [
    { what: 'convolution', expected: [11, 14, 20, 23], actual: forward },
    {
      what: 'gradient of the filter',
      expected: [12, 16, 24, 28],
      actual: filterGradient === undefined ? [] : numbers(filterGradient),
    },
    {
      what: 'gradient of the image',
      expected: [1, 1, 0, 1, 3, 2, 0, 2, 2],
      actual: imageGradient === undefined ? [] : numbers(imageGradient),
    },
  ];
  tf.dispose([image, filter]);
  return answers;
}

/** Small training step with known answers on the current backend; nothing is left behind. */
export const knownAnswers = (tf: Tfjs): KnownAnswer[] => [...linearStep(tf), ...convolutionStep(tf)];

/** Answers that differ by more than `tolerance` (relative to the larger of 1 and the expected value). */
export function wrongAnswers(answers: readonly KnownAnswer[], tolerance = 1e-5): KnownAnswer[] {
  return answers.filter(
    ({ expected, actual }) =>
      actual.length !== expected.length ||
      // Written so that NaN counts as wrong.
      !expected.every(
        (value, i) => Math.abs((actual[i] ?? Number.NaN) - value) <= tolerance * Math.max(1, Math.abs(value)),
      ),
  );
}

/**
 * Trains a small convolutional network for `steps` steps of Adam.
 * @returns tensors held after the last step minus those after the first one (0 when nothing leaks), and the two losses.
 */
export function trainAndCount(tf: Tfjs, steps: number): { leaked: number; first: number; last: number } {
  const model = tf.sequential({
    layers: [
      tf.layers.conv2d({
        inputShape: [16, 16, 3],
        filters: 8,
        kernelSize: 3,
        strides: 2,
        padding: 'same',
        activation: 'relu',
        kernelInitializer: tf.initializers.heNormal({ seed: 1 }),
      }),
      tf.layers.batchNormalization(),
      tf.layers.upSampling2d({ size: [2, 2] }),
      tf.layers.conv2d({
        filters: 1,
        kernelSize: 3,
        padding: 'same',
        kernelInitializer: tf.initializers.heNormal({ seed: 2 }),
      }),
    ],
  });
  const x = tf.randomUniform([4, 16, 16, 3], -1, 1, 'float32', 3);
  const y = tf.tidy(() => x.mean(3, true));
  const optimizer = tf.train.adam(0.01);
  const step = (): number =>
    tf.tidy(() => {
      const loss = optimizer.minimize(
        () => tf.losses.meanSquaredError(y, model.apply(x, { training: true }) as typeof y).asScalar(),
        true,
      );
      return loss?.dataSync()[0] ?? Number.NaN;
    });
  const first = step();
  const before = tf.memory().numTensors;
  let last = first;
  for (let i = 1; i < steps; i++) last = step();
  const leaked = tf.memory().numTensors - before;
  optimizer.dispose();
  model.dispose();
  tf.dispose([x, y]);
  return { leaked, first, last };
}
