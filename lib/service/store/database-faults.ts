import pg from 'pg';
import { TaskatlasError } from '@/lib/science/core';

/** Oldest Postgres that the queue (pg-boss 12) and the migrations run on. */
const OLDEST = { number: 130_000, name: '13' };

const UNSET = 'Unset DATABASE_URL to use the embedded Postgres.';

/** Where a connection string leads, without its password. */
function addressOf(databaseUrl: string): { user: string; database: string; server: string } {
  try {
    // The driver takes any text for a name of a host; a path is the folder of a socket.
    const isUrl = /^postgres(ql)?:\/\//.test(databaseUrl) && URL.canParse(databaseUrl);
    if (!isUrl && !databaseUrl.startsWith('/')) throw new Error('no URL');
    const { user, database, host, port } = new pg.Client({ connectionString: databaseUrl });
    return { user: user ?? '', database: database ?? '', server: `${host}:${port}` };
  } catch {
    throw new TaskatlasError(
      'unavailable',
      `DATABASE_URL is no connection string. Write postgresql://user:password@host:5432/database, with special characters of the password as %XX. ${UNSET}`,
    );
  }
}

const CERTIFICATE = /certificate|self.signed|altnames|SELF_SIGNED|UNABLE_TO_VERIFY/i;

/** One line that says why no connection came about and what to do; null for what is none of these faults. */
function explain(error: unknown, databaseUrl: string): string | null {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  const { user, database, server } = addressOf(databaseUrl);
  switch (code) {
    case '28P01':
      return `The Postgres at ${server} refuses the password of "${user}". Fix the password in DATABASE_URL.`;
    case '28000':
      return `The Postgres at ${server} does not let "${user}" in (${message}). Use another user in DATABASE_URL, or allow this one in the server's pg_hba.conf.`;
    case '3D000':
      return `There is no database "${database}" at ${server}. Make it (createdb -O ${user} ${database}), or fix DATABASE_URL.`;
    case '42501':
      return `The user "${user}" lacks a right in the database "${database}": ${message}. Grant it, or use the owner of the database in DATABASE_URL.`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `No machine has the name of the Postgres server ${server}. Fix the host in DATABASE_URL.`;
    case 'ECONNREFUSED':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ETIMEDOUT':
      return `No Postgres answers at ${server}. Start that server, or fix DATABASE_URL. ${UNSET}`;
  }
  if (/does not support SSL/.test(message)) {
    return `The Postgres at ${server} has no TLS, and DATABASE_URL asks for it. Remove sslmode from DATABASE_URL, or set up TLS on the server.`;
  }
  if (CERTIFICATE.test(`${code} ${message}`)) {
    return `The TLS certificate of the Postgres at ${server} is not trusted (${message}). Add sslrootcert=FILE of its authority to DATABASE_URL, or sslmode=no-verify to accept any certificate.`;
  }
  if (/no such (database|user)/i.test(message)) {
    return `The pgbouncer at ${server} does not know it: ${message}. Fix DATABASE_URL, or the [databases] and userlist of pgbouncer.`;
  }
  if (/timeout expired|timeout/i.test(message)) {
    return `The Postgres at ${server} did not answer in time. Check that it runs and that a firewall lets it through. ${UNSET}`;
  }
  return null;
}

/** The error as one line for a person, where it is a fault of the database's place. */
export function databaseFault(error: unknown, databaseUrl: string): unknown {
  if (error instanceof TaskatlasError) return error;
  const message = explain(error, databaseUrl);
  return message === null ? error : new TaskatlasError('unavailable', message, { cause: error });
}

/** A client of its own for set-up. @throws TaskatlasError `unavailable` with what to do. */
export async function connectClient(databaseUrl: string): Promise<pg.Client> {
  addressOf(databaseUrl);
  const client = new pg.Client({
    connectionString: databaseUrl,
    connectionTimeoutMillis: 10_000,
    application_name: 'taskatlas-migrate',
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    await client.end().catch(() => undefined);
    throw databaseFault(error, databaseUrl);
  }
  return client;
}

interface Rights {
  version: number;
  name: string;
  user: string;
  database: string;
  schema: string | null;
  readonly: boolean;
  mayMakeTables: boolean;
  mayMakeSchemas: boolean;
  hasQueue: boolean;
  mayWrite: boolean;
}

const RIGHTS = `select current_setting('server_version_num')::int as version,
  current_setting('server_version') as name, current_user as user, current_database() as database,
  current_schema() as schema,
  pg_is_in_recovery() or current_setting('transaction_read_only')::bool as readonly,
  coalesce(has_schema_privilege(current_schema(), 'create'), false) as "mayMakeTables",
  has_database_privilege(current_database(), 'create') as "mayMakeSchemas",
  to_regnamespace('taskatlas_queue') is not null as "hasQueue",
  to_regclass('runs') is null
    or (has_table_privilege('runs', 'insert') and has_table_privilege('runs', 'update')
        and has_table_privilege('runs', 'delete')) as "mayWrite"`;

function missingRight(rights: Rights, pending: number): string | null {
  const { version, name, user, database, schema } = rights;
  if (version < OLDEST.number) {
    return `This Postgres is version ${name}; Taskatlas needs ${OLDEST.name} or newer. Update the server, or use another. ${UNSET}`;
  }
  if (rights.readonly) {
    return `The database "${database}" is read-only (a standby, or default_transaction_read_only). Use the primary server in DATABASE_URL.`;
  }
  if (pending > 0 && !rights.mayMakeTables) {
    return `The user "${user}" may not make tables in "${database}". As its owner run: GRANT CREATE ON SCHEMA ${schema ?? 'public'} TO "${user}";`;
  }
  if (!rights.hasQueue && !rights.mayMakeSchemas) {
    return `The user "${user}" may not make schemas in "${database}", and the queue needs one. As its owner run: GRANT CREATE ON DATABASE "${database}" TO "${user}";`;
  }
  if (!rights.mayWrite) {
    return `The user "${user}" may only read the tables in "${database}". Use the user that made them, or grant it all rights on them.`;
  }
  return null;
}

/**
 * Checks what this version needs of the server and of the user, before anything is changed.
 * @param pending migrations that are to be applied
 * @throws TaskatlasError `unavailable`: one line that says what to do
 */
export async function checkRights(client: pg.Client, pending: number): Promise<void> {
  const { rows } = await client.query<Rights>(RIGHTS);
  const message = rows[0] ? missingRight(rows[0], pending) : null;
  if (message !== null) throw new TaskatlasError('unavailable', message);
}
