import { bytes, float, integer, join, message, text } from './protobuf';

/** Numbers of TensorFlow's types (`types.proto`), as far as they are met here. */
export const TYPES = { float: 1, int32: 3, resource: 20 } as const;

/** An attribute of a node (`attr_value.proto`). */
export type AttributeValue =
  | { readonly string: string }
  | { readonly int: number }
  | { readonly float: number }
  | { readonly bool: boolean }
  | { readonly type: number }
  | { readonly shape: readonly number[] }
  | { readonly ints: readonly number[] }
  | { readonly floats: readonly number[] }
  | {
      readonly tensor: {
        readonly type: number;
        readonly shape: readonly number[];
        readonly content: Uint8Array;
      };
    };

/** One operation of a graph. Inputs are `name` or `name:output`, control inputs `^name`. */
export interface GraphNode {
  readonly name: string;
  readonly operation: string;
  readonly inputs: readonly string[];
  readonly attributes: Readonly<Record<string, AttributeValue>>;
}

const shape = (field: number, sides: readonly number[]): Uint8Array =>
  message(
    field,
    sides.map((side) => message(2, [integer(1, side)])),
  );

function attribute(value: AttributeValue): Uint8Array {
  if ('string' in value) return text(2, value.string);
  if ('int' in value) return integer(3, value.int);
  if ('float' in value) return float(4, value.float);
  if ('bool' in value) return integer(5, value.bool ? 1 : 0);
  if ('type' in value) return integer(6, value.type);
  if ('shape' in value) return shape(7, value.shape);
  if ('ints' in value)
    return message(
      1,
      value.ints.map((int) => integer(3, int)),
    );
  if ('floats' in value)
    return message(
      1,
      value.floats.map((one) => float(4, one)),
    );
  const { type, shape: sides, content } = value.tensor;
  return message(8, [integer(1, type), shape(2, sides), bytes(4, content)]);
}

const node = ({ name, operation, inputs, attributes }: GraphNode): Uint8Array =>
  message(1, [
    text(1, name),
    text(2, operation),
    ...inputs.map((input) => text(3, input)),
    ...Object.entries(attributes).map(([key, value]) =>
      message(5, [text(1, key), message(2, [attribute(value)])]),
    ),
  ]);

/** Version of the graph format: that of TensorFlow 2.9, the oldest library that tfjs-node comes with. */
const PRODUCER = 1087;

/** Name of the one graph in it. */
export const TAG = 'taskatlas';

/** A graph as the file `saved_model.pb` of a SavedModel without variables' values (`saved_model.proto`). */
export const savedModel = (nodes: readonly GraphNode[]): Uint8Array =>
  join([
    integer(1, 1),
    message(2, [
      message(1, [text(4, TAG)]),
      message(2, [...nodes.map(node), message(4, [integer(1, PRODUCER)])]),
    ]),
  ]);
