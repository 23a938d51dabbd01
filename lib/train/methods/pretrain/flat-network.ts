import type { NamedTensorMap, Scalar, Tensor } from '@tensorflow/tfjs-core';
import type { LossAndGradient } from '@/lib/science/learning';
import type { Tf } from '../../engine';
import type { ParameterStore, Weights } from '../../networks';

/** Parameters of a store as one vector in a fixed order: what the formulas of meta-learning work on. */
export interface FlatNetwork {
  size: number;
  read(): Float64Array;
  /** Stored weights as the vector; they name every parameter. */
  pack(weights: Weights): Float64Array;
  write(w: Float64Array): void;
  /** The vector cut into the parameters' own arrays, in their order. */
  split(w: Float64Array): Float32Array[];
  /** A differentiable loss and its gradient at w; the parameters stay at w. */
  slope(w: Float64Array, loss: () => Scalar): LossAndGradient;
}

export function flatNetwork(tf: Tf, parameters: ParameterStore, names: readonly string[]): FlatNetwork {
  const variables = names.map((name) => parameters.get(name));
  const size = variables.reduce((sum, variable) => sum + variable.size, 0);
  const join = (tensors: readonly (Tensor | undefined)[]): Float64Array => {
    const flat = new Float64Array(size);
    let at = 0;
    tensors.forEach((tensor, i) => {
      // A parameter that the loss does not reach has no gradient: zeros.
      if (tensor) flat.set(tensor.dataSync(), at);
      at += variables[i]?.size ?? 0;
    });
    return flat;
  };
  const split = (w: Float64Array): Float32Array[] => {
    let at = 0;
    return variables.map((variable) => {
      const part = Float32Array.from(w.subarray(at, at + variable.size));
      at += variable.size;
      return part;
    });
  };
  const write = (w: Float64Array): void => {
    const parts = split(w);
    parameters.restore(new Map(names.map((name, i) => [name, parts[i] as Float32Array])));
  };
  return {
    size,
    split,
    write,
    read: () => join(variables),
    pack: (weights) => Float64Array.from(names.flatMap((name) => [...(weights.get(name) ?? [])])),
    slope: (w, loss) => {
      write(w);
      const { value, grads } = tf.variableGrads(loss, variables) as { value: Scalar; grads: NamedTensorMap };
      const found = {
        loss: value.dataSync()[0] as number,
        gradient: join(variables.map((variable) => grads[variable.name])),
      };
      tf.dispose([value, grads as never]);
      return found;
    },
  };
}
