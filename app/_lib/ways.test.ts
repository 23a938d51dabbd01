import { describe, expect, it } from 'vitest';
import { parseKey, waysOf } from './ways';

const names: Record<string, string> = { normals: 'Normals', edges: '2D edges', colour: 'Colour' };
const name = (id: string): string => names[id] ?? id;
const method = (id: string, paired = true, label = id) => ({ id, label, paired });
const several = waysOf(
  {
    methods: [
      method('readout'),
      method('features(layer=conv2)', true, 'head on conv2'),
      method('ensemble', false),
      method('born-again', false),
    ],
  },
  name,
);
const single = waysOf({ methods: [method('readout')] }, name);

describe('names of ways', () => {
  it('are the sources alone where the sweep has one method', () => {
    expect(single.name({ method: 'readout', sources: ['normals', 'edges'] })).toBe('Normals + 2D edges');
    expect(single.href('/s', { method: 'readout', sources: ['normals'] }, 'depth')).toBe(
      '/s/pairs/normals/depth',
    );
  });

  it('say the method, by its label, where there are several', () => {
    expect(several.keyName('normals')).toBe('Normals · readout');
    expect(several.keyName('features(layer=conv2):edges')).toBe('2D edges · head on conv2');
    expect(several.keyName('ensemble:normals+edges+colour')).toBe('3 sources · ensemble');
    expect(several.keyName('born-again')).toBe('born-again');
    expect(several.paired.map((m) => m.id)).toEqual(['readout', 'features(layer=conv2)']);
  });

  it('lead to the pair by that method, or without a source to the page of all ways', () => {
    const way = parseKey('features(layer=conv2):edges', []);
    expect(several.href('/s', way, 'depth')).toBe('/s/pairs/edges/depth?method=features(layer%3Dconv2)');
    expect(several.href('/s', parseKey('born-again', ['born-again']), 'depth')).toBe(
      '/s/targets/depth/methods',
    );
  });
});
