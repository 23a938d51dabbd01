import type { Tensor, TensorInfo, Variable } from '@tensorflow/tfjs-core';
import { TaskatlasError } from '@/lib/science/core/errors';
import { type AdamConstants, type AdamState, FusedAdam } from '../ops/adam';
import type { Tf as Tfjs } from '../types';

interface Attribute {
  readonly name: string;
  readonly type: number;
  readonly value: string | number | boolean | readonly number[];
}

/** The part of tfjs-node's backend that resource variables need (`nodejs_kernel_backend.ts`, 4.22). */
interface ResourceBackend {
  readonly binding: {
    readonly TF_ATTR_TYPE: number;
    readonly TF_ATTR_SHAPE: number;
    readonly TF_ATTR_STRING: number;
    readonly TF_ATTR_BOOL: number;
    readonly TF_FLOAT: number;
    executeOp(
      name: string,
      attributes: readonly Attribute[],
      inputs: readonly number[],
      outputs: number,
    ): unknown;
  };
  getInputTensorIds(tensors: readonly TensorInfo[]): number[];
  executeSingleOutput(name: string, attributes: readonly Attribute[], inputs: readonly TensorInfo[]): Tensor;
}

/** One array that lives inside libtensorflow and can be changed in place there. */
class Resource {
  private static made = 0;
  readonly handle: Tensor;
  private readonly dtype: readonly Attribute[];

  constructor(
    private readonly backend: ResourceBackend,
    shape: readonly number[],
  ) {
    const { binding } = backend;
    this.dtype = [{ name: 'dtype', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT }];
    Resource.made++;
    this.handle = backend.executeSingleOutput(
      'VarHandleOp',
      [
        ...this.dtype,
        { name: 'shape', type: binding.TF_ATTR_SHAPE, value: shape },
        {
          name: 'shared_name',
          type: binding.TF_ATTR_STRING,
          value: `taskatlas/${process.pid}/${Resource.made}`,
        },
        { name: 'container', type: binding.TF_ATTR_STRING, value: '' },
      ],
      [],
    );
  }

  assign(value: TensorInfo): void {
    const inputs = this.backend.getInputTensorIds([this.handle, value]);
    this.backend.binding.executeOp('AssignVariableOp', this.dtype, inputs, 0);
  }

  read(): Tensor {
    return this.backend.executeSingleOutput('ReadVariableOp', this.dtype, [this.handle]);
  }

  /** Frees the array itself; the handle alone would leave it. */
  dispose(): void {
    const inputs = this.backend.getInputTensorIds([this.handle]);
    this.backend.binding.executeOp('DestroyResourceOp', [], inputs, 0);
    this.handle.dispose();
  }
}

interface Slot {
  readonly variable: Variable;
  readonly weights: Resource;
  readonly first: Resource;
  readonly second: Resource;
  /** Buffer of the variable after our last write: another one means that someone else wrote. */
  seen: object | null;
}

/**
 * Adam by libtensorflow's own fused kernel (`ResourceApplyAdam`): the same formula, state and interface as
 * `FusedAdam`, four operations for each variable in place of fifteen.
 *
 * The kernel computes α·m / (√v + ε′) with α = η·√(1−β₂ᵗ)/(1−β₁ᵗ); with ε′ = ε·√(1−β₂ᵗ) that is
 * η/(1−β₁ᵗ) · m / (√(v/(1−β₂ᵗ)) + ε).
 */
export class NativeAdam {
  private step = 0;
  private readonly slots: readonly Slot[];
  private readonly backend: ResourceBackend;

  constructor(
    private readonly tf: Tfjs,
    variables: readonly Variable[],
    private readonly constants: AdamConstants,
  ) {
    this.backend = tf.backend() as unknown as ResourceBackend;
    const resource = (shape: readonly number[], zero: boolean): Resource => {
      const made = new Resource(this.backend, shape);
      // Handles outlive the scope that the optimiser is made in.
      tf.keep(made.handle);
      if (zero) tf.tidy(() => made.assign(tf.zeros([...shape])));
      return made;
    };
    this.slots = variables.map((variable) => ({
      variable,
      weights: resource(variable.shape, false),
      first: resource(variable.shape, true),
      second: resource(variable.shape, true),
      seen: null,
    }));
  }

  /** One step with learning rate `rate`; gradients in the order of the variables. They stay the caller's. */
  apply(gradients: readonly Tensor[], rate: number): void {
    if (gradients.length !== this.slots.length)
      throw new TaskatlasError(
        'internal',
        `${gradients.length} gradients for ${this.slots.length} variables.`,
      );
    this.step++;
    const { tf } = this;
    const { beta1, beta2, epsilon, weightDecay } = this.constants;
    const { binding } = this.backend;
    const attributes: Attribute[] = [
      { name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT },
      { name: 'use_locking', type: binding.TF_ATTR_BOOL, value: false },
      { name: 'use_nesterov', type: binding.TF_ATTR_BOOL, value: false },
    ];
    const power2 = beta2 ** this.step;
    tf.tidy(() => {
      const scalars = [beta1 ** this.step, power2, rate, beta1, beta2, epsilon * Math.sqrt(1 - power2)].map(
        (value) => tf.scalar(value),
      );
      this.slots.forEach((slot, i) => {
        const gradient = gradients[i];
        if (gradient === undefined) return;
        const { variable, weights, first, second } = slot;
        if (slot.seen !== variable.dataId) weights.assign(variable);
        const slope = weightDecay === 0 ? gradient : tf.add(gradient, tf.mul(variable, weightDecay));
        const inputs = [weights.handle, first.handle, second.handle, ...scalars, slope];
        binding.executeOp('ResourceApplyAdam', attributes, this.backend.getInputTensorIds(inputs), 0);
        variable.assign(weights.read());
        slot.seen = variable.dataId;
      });
    });
  }

  state(): AdamState {
    const values = (resource: Resource): Float32Array => {
      const tensor = resource.read();
      const copy = (tensor.dataSync() as Float32Array).slice();
      tensor.dispose();
      return copy;
    };
    return {
      step: this.step,
      moments: this.slots.map(({ first, second }) => ({ first: values(first), second: values(second) })),
    };
  }

  /** @throws TaskatlasError `data` if the state belongs to other variables. */
  restore({ step, moments }: AdamState): void {
    const fits = this.slots.every(
      ({ variable }, i) =>
        moments[i]?.first.length === variable.size && moments[i]?.second.length === variable.size,
    );
    if (!fits || moments.length !== this.slots.length)
      throw new TaskatlasError(
        'data',
        'The optimiser state belongs to another network: start without the checkpoint.',
      );
    this.step = step;
    const set = (resource: Resource, values: Float32Array, shape: readonly number[]): void =>
      this.tf.tidy(() => resource.assign(this.tf.tensor(values.slice(), [...shape])));
    this.slots.forEach(({ variable, first, second }, i) => {
      const saved = moments[i];
      if (saved === undefined) return;
      set(first, saved.first, variable.shape);
      set(second, saved.second, variable.shape);
    });
  }

  dispose(): void {
    for (const { weights, first, second } of this.slots)
      for (const resource of [weights, first, second]) resource.dispose();
  }
}

/** The fused Adam of the backend in use: libtensorflow's own on native TensorFlow, else the engine room's. */
export const fusedAdam = (
  tf: Tfjs,
  variables: readonly Variable[],
  constants: AdamConstants,
): FusedAdam | NativeAdam =>
  tf.getBackend() === 'tensorflow'
    ? new NativeAdam(tf, variables, constants)
    : new FusedAdam(tf, variables, constants);
