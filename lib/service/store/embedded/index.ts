export { startEmbeddedPostgres, stopEmbeddedPostgres } from './server';
