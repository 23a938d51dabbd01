import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum } from '@prisma/driver-adapter-utils';
import { SchemaEngine } from '@prisma/schema-engine-wasm';
import pg from 'pg';

const CHAR = 18;

type Adapter = Awaited<ReturnType<PrismaPg['connect']>>;
type Answer = Awaited<ReturnType<Adapter['queryRaw']>>;

/**
 * The catalog's one-letter `"char"` columns: the engine wants them, adapter-pg 7.10 has no type for them.
 * Asks as the adapter does, then corrects the types of those columns. The engine asks one question at a time.
 */
function withChars(pool: pg.Pool, adapter: Adapter): Adapter {
  const original = adapter.queryRaw.bind(adapter);
  adapter.queryRaw = async (query): Promise<Answer> => {
    const described = await pool.query({
      text: query.sql,
      values: query.args as unknown[],
      rowMode: 'array',
    });
    if (!described.fields.some((field) => field.dataTypeID === CHAR)) return await original(query);
    const casts = described.fields.map((field) => {
      const name = pg.escapeIdentifier(field.name);
      return field.dataTypeID === CHAR ? `${name}::text as ${name}` : name;
    });
    const answer = await original({
      ...query,
      sql: `select ${casts.join(', ')} from (${query.sql.replace(/;\s*$/, '')}) as q`,
    });
    const columnTypes = answer.columnTypes.map((type, i) =>
      described.fields[i]?.dataTypeID === CHAR ? ColumnTypeEnum.Character : type,
    );
    return { ...answer, columnTypes };
  };
  return adapter;
}

/**
 * SQL that leads from a database, in which the migrations were applied, to schema.prisma; empty when they agree.
 * Prisma's schema engine in WebAssembly (a development dependency), since its native form has to be downloaded.
 */
export async function diffDatabaseToSchema(databaseUrl: string): Promise<string> {
  const file = path.join(import.meta.dirname, 'schema.prisma');
  const schema = { path: 'schema.prisma', content: await readFile(file, 'utf8') };
  const pool = new pg.Pool({ connectionString: databaseUrl });
  const factory = new PrismaPg(pool);
  const connect = factory.connect.bind(factory);
  factory.connect = async () => withChars(pool, await connect());
  try {
    const engine = await SchemaEngine.new(
      { datamodels: [[schema.path, schema.content]] },
      () => undefined,
      bindMigrationAwareSqlAdapterFactory(factory),
    );
    const { stdout } = await engine.diff({
      from: { tag: 'schemaDatasource', files: [schema], configDir: import.meta.dirname },
      to: { tag: 'schemaDatamodel', files: [schema] },
      script: true,
      exitCode: null,
      filters: { externalTables: [], externalEnums: [] },
    });
    engine.free();
    const script = (stdout ?? '').trim();
    return script === '-- This is an empty migration.' ? '' : script;
  } finally {
    await pool.end();
  }
}
