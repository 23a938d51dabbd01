import { describe, expect, it } from 'vitest';
import { float, integer, message, text } from './protobuf';
import { savedModel } from './saved-model';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

// Expected bytes are the examples of the protocol buffers guide ("Encoding").
describe('protocol buffers', () => {
  it('writes varints', () => {
    expect(hex(integer(1, 150))).toBe('089601');
    expect(hex(integer(2, 0))).toBe('1000');
  });

  it('writes negative numbers as 64 bits of two’s complement', () => {
    expect(hex(integer(1, -2))).toBe('08feffffffffffffffff01');
  });

  it('writes strings, messages and floats', () => {
    expect(hex(text(2, 'testing'))).toBe('120774657374696e67');
    expect(hex(message(3, [integer(1, 150)]))).toBe('1a03089601');
    expect(hex(float(4, 1))).toBe('250000803f');
  });

  it('writes lengths above 127 in two bytes, and field numbers above 15', () => {
    expect(hex(text(16, 'x'.repeat(200))).slice(0, 8)).toBe('8201c801');
  });
});

describe('saved model', () => {
  it('holds nodes with their inputs and attributes', () => {
    const file = savedModel([
      { name: 'a', operation: 'Const', inputs: [], attributes: { dtype: { type: 1 } } },
      { name: 'b', operation: 'Identity', inputs: ['a:0', '^c'], attributes: {} },
    ]);
    expect(hex(file)).toBe(
      [
        '0801', // saved_model_schema_version
        '1245', // meta_graphs
        '0a0b2209', // meta_info_def.tags
        Buffer.from('taskatlas').toString('hex'),
        '1236', // graph_def
        '0a170a0161', // node a
        '1205436f6e7374', // op Const
        '2a0b0a056474797065', // attr dtype
        '12023001', // type 1
        '0a160a0162', // node b
        '12084964656e74697479',
        '1a03613a30', // inputs
        '1a025e63',
        '220308bf08', // versions.producer = 1087
      ].join(''),
    );
  });
});
