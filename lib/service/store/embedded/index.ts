export type { EmbeddedOptions, EmbeddedPostgres } from './server';
export { startEmbeddedPostgres } from './server';
