export * from './records';
export * from './runs';
