import type { Scalar, Tensor, TensorInfo, Variable } from '@tensorflow/tfjs-core';
import { TaskatlasError } from '@/lib/science/core/errors';
import type { AdamConstants, AdamState } from '../../ops/adam';
import type { Tf as Tfjs } from '../../types';
import { type Binding, type RecordingBackend, record } from './record';
import { type AttributeValue, type GraphNode, TYPES } from './saved-model';
import { openSession, type Session } from './session';

const FLOAT: AttributeValue = { type: TYPES.float };
const HYPER = 'hyper';
const DONE = 'done';
const SET = 'set';
/** The arrays of one trained parameter: its weights and Adam's two moments. */
const ARRAYS = ['weights', 'first', 'second'] as const;
type ArrayName = (typeof ARRAYS)[number];

const node = (
  name: string,
  operation: string,
  inputs: readonly string[],
  attributes: Record<string, AttributeValue> = {},
): GraphNode => ({ name, operation, inputs, attributes });

const number = (name: string, value: number): GraphNode =>
  node(name, 'Const', [], {
    dtype: FLOAT,
    value: {
      tensor: { type: TYPES.float, shape: [], content: new Uint8Array(Float32Array.of(value).buffer) },
    },
  });

/** Variable `name` with a node that reads it (`name/read`) and one that sets it from `name/fed`. */
function resource(name: string, shape: readonly number[]): GraphNode[] {
  return [
    node(name, 'VarHandleOp', [], {
      dtype: FLOAT,
      shape: { shape },
      shared_name: { string: name },
      container: { string: '' },
    }),
    node(`${name}/read`, 'ReadVariableOp', [name], { dtype: FLOAT }),
    node(`${name}/fed`, 'Placeholder', [], { dtype: FLOAT, shape: { shape } }),
    node(`${name}/set`, 'AssignVariableOp', [name, `${name}/fed`], { dtype: FLOAT }),
  ];
}

/** A training step: what changes, what it depends on, and what it lowers. */
export interface StepProblem {
  /** Trained by Adam. */
  readonly variables: readonly Variable[];
  /** Tensors that `loss` uses and no step changes. They must outlive the compiled step. */
  readonly constants: readonly Tensor[];
  readonly adam: AdamConstants;
  /** Float32 tensors that change from step to step, never their shapes. */
  readonly inputs: readonly Tensor[];
  /** Depends on the variables, `constants` and `inputs` alone, and reads no numbers back. */
  loss(): Scalar;
}

/** Everything that is fed to a step: inputs first. */
const outside = ({ inputs, constants }: StepProblem): readonly Tensor[] => [...inputs, ...constants];

/** Gradient of each parameter as an output of the graph, and the loss. */
interface Traced {
  readonly nodes: readonly GraphNode[];
  readonly loss: string;
  readonly gradients: readonly string[];
}

const nameOf = (i: number, array: ArrayName): string => `p${i}/${array}`;

/** One gradient step on `inputs`, recorded. The weights stay as they are. */
function trace(tf: Tfjs, backend: RecordingBackend, problem: StepProblem): Traced {
  const { variables, loss, adam } = problem;
  const given = new Map<TensorInfo, string>([
    ...variables.map((v, i) => [v as unknown as TensorInfo, `${nameOf(i, 'weights')}/read:0`] as const),
    ...outside(problem).map((tensor, i) => [tensor as TensorInfo, `in${i}:0`] as const),
  ]);
  let traced: Traced = { nodes: [], loss: '', gradients: [] };
  tf.tidy(() => {
    const outputs: Tensor[] = [];
    const { nodes, nameOf: outputOf } = record(backend, given, () => {
      const { value, grads } = tf.variableGrads(loss, variables as Variable[]);
      const slopes = variables.map((v) => {
        const gradient = grads[v.name] as Tensor;
        return adam.weightDecay === 0 ? gradient : tf.add(gradient, tf.mul(v, adam.weightDecay));
      });
      outputs.push(value, ...slopes);
    });
    const [value = '', ...gradients] = outputs.map(outputOf);
    traced = { nodes, loss: value, gradients };
  });
  return traced;
}

/** The whole graph: inputs, parameters, the recorded step, and Adam by libtensorflow's fused kernel. */
function graphOf({ nodes, loss, gradients }: Traced, problem: StepProblem): GraphNode[] {
  const { variables } = problem;
  const { beta1, beta2 } = problem.adam;
  const adam = variables.map((_, i) =>
    node(
      `p${i}/adam`,
      'ResourceApplyAdam',
      [
        ...ARRAYS.map((array) => nameOf(i, array)),
        ...['scalars:0', 'scalars:1', 'scalars:2', 'beta1', 'beta2', 'scalars:3'],
        gradients[i] ?? '',
      ],
      { T: FLOAT, use_locking: { bool: false }, use_nesterov: { bool: false } },
    ),
  );
  const resources = variables.flatMap(({ shape }, i) =>
    ARRAYS.flatMap((array) => resource(nameOf(i, array), shape)),
  );
  const sets = variables.flatMap((_, i) => ARRAYS.map((array) => `^${nameOf(i, array)}/set`));
  return [
    ...outside(problem).map(({ shape }, i) =>
      node(`in${i}`, 'Placeholder', [], { dtype: FLOAT, shape: { shape } }),
    ),
    ...resources,
    node(HYPER, 'Placeholder', [], { dtype: FLOAT, shape: { shape: [4] } }),
    node('scalars', 'Unpack', [HYPER], { T: FLOAT, num: { int: 4 }, axis: { int: 0 } }),
    number('beta1', beta1),
    number('beta2', beta2),
    ...nodes,
    ...adam,
    node(DONE, 'Identity', [loss, ...adam.map(({ name }) => `^${name}`)], { T: FLOAT }),
    node('nothing', 'NoOp', sets),
    node(SET, 'Identity', ['beta1', '^nothing'], { T: FLOAT }),
  ];
}

/** A training step as one call of libtensorflow. The parameters live inside until `pull`. */
export interface CompiledStep {
  /** One step on tensors of the shapes that it was compiled for; returns the loss before it. */
  run(inputs: readonly Tensor[], rate: number): number;
  /** Brings the weights to the variables. */
  pull(): void;
  /** Takes the variables' numbers as weights, and a state of Adam (zeros, step 0 when absent). */
  push(state?: AdamState): void;
  state(): AdamState;
  dispose(): void;
}

class GraphStep implements CompiledStep {
  private step = 0;

  constructor(
    private readonly tf: Tfjs,
    private readonly backend: RecordingBackend,
    private readonly session: Session,
    private readonly problem: StepProblem,
  ) {
    this.push();
  }

  private get variables(): readonly Variable[] {
    return this.problem.variables;
  }

  private get binding(): Binding {
    return this.backend.binding;
  }

  /** Runs on numbers and tensors; the ids that are made for numbers are freed. */
  private call(
    feeds: ReadonlyMap<string, number>,
    own: readonly number[],
    fetches: readonly string[],
  ): number[] {
    try {
      return this.session.run(feeds, fetches);
    } finally {
      for (const id of own) this.binding.deleteTensor(id);
    }
  }

  private numbersOf(id: number): Float32Array {
    const values = Float32Array.from(this.binding.tensorDataSync(id));
    this.binding.deleteTensor(id);
    return values;
  }

  private read(array: ArrayName): Float32Array[] {
    const fetches = this.variables.map((_, i) => `${nameOf(i, array)}/read:0`);
    return this.session.run(new Map(), fetches).map((id) => this.numbersOf(id));
  }

  run(inputs: readonly Tensor[], rate: number): number {
    this.step++;
    const { beta1, beta2, epsilon } = this.problem.adam;
    const power2 = beta2 ** this.step;
    // ε′ = ε·√(1−β₂ᵗ) makes the kernel's formula that of `NativeAdam`.
    const hyper = Float32Array.of(beta1 ** this.step, power2, rate, epsilon * Math.sqrt(1 - power2));
    const own = this.binding.createTensor([4], TYPES.float, hyper);
    const feeds = new Map([[`${HYPER}:0`, own]]);
    this.backend.getInputTensorIds([...inputs, ...this.problem.constants]).forEach((id, i) => {
      feeds.set(`in${i}:0`, id);
    });
    const [loss = -1] = this.call(feeds, [own], [`${DONE}:0`]);
    return this.numbersOf(loss)[0] ?? Number.NaN;
  }

  pull(): void {
    const { tf } = this;
    this.read('weights').forEach((values, i) => {
      const variable = this.variables[i] as Variable;
      tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
    });
  }

  push(state?: AdamState): void {
    const fits =
      state === undefined || this.variables.every(({ size }, i) => state.moments[i]?.first.length === size);
    if (!fits)
      throw new TaskatlasError(
        'data',
        'The optimiser state belongs to another network: start without the checkpoint.',
      );
    this.step = state?.step ?? 0;
    const feeds = new Map<string, number>();
    this.variables.forEach((variable, i) => {
      const moments = state?.moments[i];
      const numbers: Record<ArrayName, ArrayLike<number>> = {
        weights: variable.dataSync(),
        first: moments?.first ?? new Float32Array(variable.size),
        second: moments?.second ?? new Float32Array(variable.size),
      };
      for (const array of ARRAYS)
        feeds.set(
          `${nameOf(i, array)}/fed:0`,
          this.binding.createTensor(variable.shape, TYPES.float, numbers[array]),
        );
    });
    const [set = -1] = this.call(feeds, [...feeds.values()], [`${SET}:0`]);
    this.binding.deleteTensor(set);
  }

  state(): AdamState {
    const [first, second] = [this.read('first'), this.read('second')];
    const none = new Float32Array(0);
    return {
      step: this.step,
      moments: this.variables.map((_, i) => ({ first: first[i] ?? none, second: second[i] ?? none })),
    };
  }

  dispose(): void {
    this.session.release();
  }
}

let switchedOff = false;

/** Switches compiling off and on again, to compare with steps taken operation by operation. */
export function switchCompiling(on: boolean): void {
  switchedOff = !on;
}

/** Whether the backend in use can compile steps at all. */
export const compilesSteps = (tf: Tfjs): boolean => tf.getBackend() === 'tensorflow' && !switchedOff;

/**
 * Compiles "gradient of `loss` by `variables`, then Adam" for native TensorFlow: the step is run once operation by
 * operation, what it calls is recorded as a graph, and from then on a step is one call of libtensorflow in place of
 * some hundred calls through JavaScript, as a step of Keras is.
 *
 * @returns null on any other backend, and where the step cannot be recorded: then train step by step.
 */
export function compileStep(tf: Tfjs, problem: StepProblem): CompiledStep | null {
  if (!compilesSteps(tf)) return null;
  const backend = tf.backend() as unknown as RecordingBackend;
  try {
    const traced = trace(tf, backend, problem);
    const session = openSession(backend.binding, graphOf(traced, problem));
    return new GraphStep(tf, backend, session, problem);
  } catch (error) {
    // What the tape has kept is freed by the gradients, which this step never got to.
    for (const { saved } of tf.engine().state.activeTape ?? []) tf.dispose(saved);
    if (error instanceof TaskatlasError && error.code === 'unavailable') return null;
    throw error;
  }
}
