import { describe, expect, it } from 'vitest';
import { isReservedName } from '@/lib/science/core';
import { taskId } from './sweep-spec';

describe('names that every object answers to', () => {
  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf'])('%s is reserved', (name) => {
    expect(isReservedName(name)).toBe(true);
  });

  it.each(['depth', 'prototype', 'proto', ''])('"%s" is a name like any other', (name) => {
    expect(isReservedName(name)).toBe(false);
  });

  it('are no ids of tasks', () => {
    expect(taskId.safeParse('constructor').error?.issues[0]?.message).toContain('reserved by JavaScript');
    expect(taskId.safeParse('construct').success).toBe(true);
  });
});
