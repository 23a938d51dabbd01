export * from './affinity';
export * from './errors';
export * from './names';
export * from './policy';
export * from './rng';
export * from './run';
export * from './task';
