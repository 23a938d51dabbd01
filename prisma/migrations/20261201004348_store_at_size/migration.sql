-- DropIndex
DROP INDEX "runs_state_priority_idx";

-- AlterTable
ALTER TABLE "runs" DROP COLUMN "published_at",
ADD COLUMN     "needs" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN     "task" TEXT;

-- AlterTable
ALTER TABLE "sweeps" ADD COLUMN     "planned" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "submitted_at" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "workers" ADD COLUMN     "alarm" TEXT,
ADD COLUMN     "offers" TEXT[] DEFAULT ARRAY[]::TEXT[];

-- CreateTable
CREATE TABLE "barriers" (
    "id" TEXT NOT NULL,
    "open" BOOLEAN NOT NULL DEFAULT true,

    CONSTRAINT "barriers_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "barrier_parents" (
    "barrier_id" TEXT NOT NULL,
    "parent" TEXT NOT NULL,

    CONSTRAINT "barrier_parents_pkey" PRIMARY KEY ("barrier_id","parent")
);

-- CreateTable
CREATE TABLE "run_barriers" (
    "child" TEXT NOT NULL,
    "barrier_id" TEXT NOT NULL,

    CONSTRAINT "run_barriers_pkey" PRIMARY KEY ("child","barrier_id")
);

-- CreateTable
CREATE TABLE "leases" (
    "name" TEXT NOT NULL,
    "holder" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "leases_pkey" PRIMARY KEY ("name")
);

-- CreateIndex
CREATE INDEX "barrier_parents_parent_idx" ON "barrier_parents"("parent");

-- CreateIndex
CREATE INDEX "run_barriers_barrier_id_idx" ON "run_barriers"("barrier_id");

-- CreateIndex
CREATE INDEX "runs_state_priority_fingerprint_idx" ON "runs"("state", "priority", "fingerprint");

-- CreateIndex
CREATE INDEX "sweep_runs_sweep_id_priority_fingerprint_idx" ON "sweep_runs"("sweep_id", "priority", "fingerprint");

-- AddForeignKey
ALTER TABLE "barrier_parents" ADD CONSTRAINT "barrier_parents_barrier_id_fkey" FOREIGN KEY ("barrier_id") REFERENCES "barriers"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "barrier_parents" ADD CONSTRAINT "barrier_parents_parent_fkey" FOREIGN KEY ("parent") REFERENCES "runs"("fingerprint") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "run_barriers" ADD CONSTRAINT "run_barriers_child_fkey" FOREIGN KEY ("child") REFERENCES "runs"("fingerprint") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "run_barriers" ADD CONSTRAINT "run_barriers_barrier_id_fkey" FOREIGN KEY ("barrier_id") REFERENCES "barriers"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What older runs serve and need, as lib/service/sweeps/needs.ts says it of new ones.
UPDATE "runs" SET
  "task" = CASE "kind" WHEN 'dataset' THEN NULL WHEN 'pretrain' THEN NULL
                       WHEN 'probe' THEN "recipe"->'source'->>'task' ELSE "recipe"->>'task' END,
  "needs" = ARRAY(
    SELECT 'dataset ' || ("recipe"->'dataset'->>'kind') || ' ' || ("recipe"->'dataset'->>'version')
    UNION ALL
    SELECT 'method ' || coalesce("recipe"->>'method', "kind") || ' ' || ("recipe"->>'version') WHERE "kind" <> 'dataset'
    UNION ALL
    SELECT 'task ' || ("recipe"->'dataset'->>'kind') || '/' || t.key || ' ' || t.value
      FROM jsonb_each_text(coalesce("recipe"->'taskVersions', '{}'::jsonb)) AS t WHERE NOT ("recipe" ? 'external')
    ORDER BY 1);

-- Milestones of kinds are counted from the runs now.
DELETE FROM "phases" WHERE "name" IN ('dataset', 'sources', 'probes', 'transfers', 'scratch', 'mean');
