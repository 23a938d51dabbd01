export type { EmbeddedPostgres } from './server';
export { startEmbeddedPostgres, stopEmbeddedPostgres } from './server';
