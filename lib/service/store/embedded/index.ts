export type { EmbeddedPostgres } from './server';
export { startEmbeddedPostgres } from './server';
