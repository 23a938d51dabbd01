/** `tsx prisma/author.ts NAME`: writes the migration that brings the database up to schema.prisma. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startEmbeddedPostgres } from '../lib/service/store/embedded';
import { migrate } from '../lib/service/store/migrate';
import { diffDatabaseToSchema } from './schema-engine';

const name = process.argv[2];
if (!name || !/^[a-z0-9_]+$/.test(name)) {
  console.error('Usage: tsx prisma/author.ts name_of_the_migration (lower case letters, digits, _)');
  process.exit(2);
}
const directory = await mkdtemp(path.join(tmpdir(), 'taskatlas-author-'));
const server = await startEmbeddedPostgres({ directory, database: 'shadow' });
try {
  await mkdir(path.join(import.meta.dirname, 'migrations'), { recursive: true });
  await migrate(server.url);
  const script = await diffDatabaseToSchema(server.url);
  if (script === '') console.log('schema.prisma and prisma/migrations agree; nothing to write.');
  else {
    const stamp = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
    const folder = path.join(import.meta.dirname, 'migrations', `${stamp}_${name}`);
    await mkdir(folder, { recursive: true });
    await writeFile(path.join(folder, 'migration.sql'), `${script}\n`);
    await writeFile(path.join(folder, '..', 'migration_lock.toml'), 'provider = "postgresql"\n');
    console.log(`Wrote ${folder}/migration.sql`);
  }
} finally {
  await server.stop({ force: true });
  await rm(directory, { recursive: true, force: true });
}
