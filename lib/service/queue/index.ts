export { memoryQueue } from './memory';
export { connectQueue } from './pg-boss';
