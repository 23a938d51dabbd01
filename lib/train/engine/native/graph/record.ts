import type { TensorInfo } from '@tensorflow/tfjs-core';
import { TaskatlasError } from '@/lib/science/core/errors';
import type { AttributeValue, GraphNode } from './saved-model';
import { TYPES } from './saved-model';

/** Attribute of an operation, as tfjs-node's binding takes it. */
interface Attribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** The part of tfjs-node's binding to libtensorflow that recording and running graphs need (4.22). */
export interface Binding {
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_SHAPE: number;
  createTensor(shape: readonly number[], type: number, values: ArrayLike<number>): number;
  deleteTensor(id: number): void;
  tensorDataSync(id: number): ArrayLike<number>;
  executeOp(
    name: string,
    attributes: readonly Attribute[],
    inputs: readonly number[],
    outputs: number,
  ): { readonly id: number }[];
  loadSavedModel(directory: string, tags: string): number;
  deleteSavedModel(id: number): void;
  runSavedModel(
    id: number,
    inputs: readonly number[],
    inputNames: string,
    outputNames: string,
  ): { id: number }[];
}

export interface RecordingBackend {
  binding: Binding;
  getInputTensorIds(tensors: readonly TensorInfo[]): number[];
}

function attributeValue(binding: Binding, { name, type, value }: Attribute): AttributeValue {
  const list = Array.isArray(value);
  if (type === binding.TF_ATTR_STRING) return { string: value as string };
  if (type === binding.TF_ATTR_INT) return list ? { ints: value as number[] } : { int: value as number };
  if (type === binding.TF_ATTR_FLOAT)
    return list ? { floats: value as number[] } : { float: value as number };
  if (type === binding.TF_ATTR_BOOL && !list) return { bool: value as boolean };
  if (type === binding.TF_ATTR_TYPE) return { type: value as number };
  if (type === binding.TF_ATTR_SHAPE) return { shape: value as number[] };
  throw new TaskatlasError('internal', `The attribute ${name} has a type that graphs here do not know.`);
}

function constant(
  name: string,
  shape: readonly number[],
  type: number,
  values: ArrayLike<number>,
): GraphNode {
  if (type !== TYPES.float && type !== TYPES.int32)
    throw new TaskatlasError('internal', `A constant of type ${type} cannot be part of a recorded graph.`);
  const numbers = type === TYPES.float ? Float32Array.from(values) : Int32Array.from(values);
  const content = new Uint8Array(numbers.buffer);
  return {
    name,
    operation: 'Const',
    inputs: [],
    attributes: { dtype: { type }, value: { tensor: { type, shape, content } } },
  };
}

/** What ran while something was recorded. */
export interface Recording {
  readonly nodes: readonly GraphNode[];
  /** Name of the output that a tensor is. @throws TaskatlasError `internal` if the recording did not see it */
  nameOf(tensor: TensorInfo): string;
}

/**
 * Runs `compute` and writes down every operation that reaches libtensorflow as a node of a graph; the operations run as
 * always. `given` says by which name a tensor from outside is known in the graph. Numbers that JavaScript makes
 * become constants, so nothing in `compute` may depend on what changes from call to call but `given`.
 *
 * @throws TaskatlasError `unavailable` if `compute` reads numbers back (then no graph can do the same), or uses a
 * tensor from outside that is not given
 */
export function record(
  backend: RecordingBackend,
  given: ReadonlyMap<TensorInfo, string>,
  compute: () => void,
): Recording {
  const { binding } = backend;
  const names = new Map<number, string>();
  for (const [tensor, name] of given) {
    const [id] = backend.getInputTensorIds([tensor]);
    if (id !== undefined) names.set(id, name);
  }
  const nodes: GraphNode[] = [];
  const known = (id: number): string => {
    const name = names.get(id);
    if (name === undefined)
      throw new TaskatlasError('unavailable', 'The step uses a tensor that is none of its inputs.');
    return name;
  };
  const watched: Pick<Binding, 'executeOp' | 'createTensor' | 'tensorDataSync'> = {
    executeOp: (operation, attributes, inputs, outputs) => {
      const name = `n${nodes.length}`;
      nodes.push({
        name,
        operation,
        inputs: inputs.map(known),
        attributes: Object.fromEntries(attributes.map((each) => [each.name, attributeValue(binding, each)])),
      });
      const made = binding.executeOp(operation, attributes, inputs, outputs);
      made.forEach(({ id }, i) => {
        names.set(id, `${name}:${i}`);
      });
      return made;
    },
    createTensor: (shape, type, values) => {
      const name = `n${nodes.length}`;
      nodes.push(constant(name, shape, type, values));
      const id = binding.createTensor(shape, type, values);
      names.set(id, `${name}:0`);
      return id;
    },
    tensorDataSync: () => {
      throw new TaskatlasError('unavailable', 'The step reads numbers back in its middle.');
    },
  };
  // The binding's own functions are read-only, so they are covered rather than replaced.
  backend.binding = Object.create(binding, Object.getOwnPropertyDescriptors(watched)) as Binding;
  try {
    compute();
  } finally {
    backend.binding = binding;
  }
  return {
    nodes,
    nameOf: (tensor) => known(backend.getInputTensorIds([tensor])[0] ?? -1),
  };
}
