import { defineConfig } from 'prisma/config';

/** Read by Prisma's own command line only; the program itself connects through lib/service/store. */
export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env.DATABASE_URL ?? 'postgresql://localhost:5432/taskatlas' },
});
