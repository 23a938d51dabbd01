-- CreateTable
CREATE TABLE "sweeps" (
    "id" TEXT NOT NULL,
    "number" SERIAL NOT NULL,
    "name" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "spec" JSONB NOT NULL,
    "tasks" JSONB NOT NULL,
    "origin" TEXT NOT NULL,
    "source" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "sweeps_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "sweep_runs" (
    "sweep_id" TEXT NOT NULL,
    "fingerprint" TEXT NOT NULL,
    "priority" INTEGER NOT NULL,
    "target" TEXT,
    "layer" INTEGER NOT NULL,

    CONSTRAINT "sweep_runs_pkey" PRIMARY KEY ("sweep_id","fingerprint")
);

-- CreateTable
CREATE TABLE "runs" (
    "fingerprint" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "recipe" JSONB NOT NULL,
    "state" TEXT NOT NULL,
    "attempt" INTEGER NOT NULL DEFAULT 0,
    "failure_class" TEXT,
    "failure_message" TEXT,
    "claimed_by" TEXT,
    "claim_expires_at" TIMESTAMPTZ(3),
    "progress_step" INTEGER,
    "progress_total" INTEGER,
    "images_per_second" DOUBLE PRECISION,
    "backend" TEXT,
    "seconds" DOUBLE PRECISION,
    "priority" INTEGER NOT NULL,
    "estimated_flops" DOUBLE PRECISION NOT NULL,
    "not_before" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),
    "published_at" TIMESTAMPTZ(3),

    CONSTRAINT "runs_pkey" PRIMARY KEY ("fingerprint")
);

-- CreateTable
CREATE TABLE "run_dependencies" (
    "child" TEXT NOT NULL,
    "parent" TEXT NOT NULL,

    CONSTRAINT "run_dependencies_pkey" PRIMARY KEY ("child","parent")
);

-- CreateTable
CREATE TABLE "run_results" (
    "fingerprint" TEXT NOT NULL,
    "test_losses" BYTEA,
    "metric" DOUBLE PRECISION,
    "curve" JSONB NOT NULL,
    "artifacts" TEXT[],
    "steps" BIGINT NOT NULL,
    "images" BIGINT NOT NULL,
    "seconds" DOUBLE PRECISION NOT NULL,
    "flops" DOUBLE PRECISION NOT NULL,
    "backend" TEXT NOT NULL,
    "worker" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "run_results_pkey" PRIMARY KEY ("fingerprint")
);

-- CreateTable
CREATE TABLE "probe_losses" (
    "fingerprint" TEXT NOT NULL,
    "task" TEXT NOT NULL,
    "losses" BYTEA NOT NULL,

    CONSTRAINT "probe_losses_pkey" PRIMARY KEY ("fingerprint","task")
);

-- CreateTable
CREATE TABLE "run_samples" (
    "fingerprint" TEXT NOT NULL,
    "index" INTEGER NOT NULL,
    "role" TEXT NOT NULL,
    "png" BYTEA NOT NULL,

    CONSTRAINT "run_samples_pkey" PRIMARY KEY ("fingerprint","index","role")
);

-- CreateTable
CREATE TABLE "workers" (
    "id" TEXT NOT NULL,
    "host" TEXT NOT NULL,
    "pid" INTEGER NOT NULL,
    "backend" TEXT NOT NULL,
    "device" TEXT NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "seen_at" TIMESTAMPTZ(3) NOT NULL,
    "stopped_at" TIMESTAMPTZ(3),
    "run" TEXT,
    "images_per_second" DOUBLE PRECISION,

    CONSTRAINT "workers_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "target_analyses" (
    "sweep_id" TEXT NOT NULL,
    "target" TEXT NOT NULL,
    "analysis" JSONB NOT NULL,
    "preliminary" BOOLEAN NOT NULL,
    "done_runs" INTEGER NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "target_analyses_pkey" PRIMARY KEY ("sweep_id","target")
);

-- CreateTable
CREATE TABLE "matrix_cells" (
    "sweep_id" TEXT NOT NULL,
    "target" TEXT NOT NULL,
    "candidate" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "sources" TEXT[],
    "transfer_order" INTEGER NOT NULL,
    "seeds" INTEGER NOT NULL,
    "mean_loss" DOUBLE PRECISION NOT NULL,
    "affinity" DOUBLE PRECISION,
    "affinity_low" DOUBLE PRECISION,
    "affinity_high" DOUBLE PRECISION,
    "gain" DOUBLE PRECISION,
    "gain_low" DOUBLE PRECISION,
    "gain_high" DOUBLE PRECISION,
    "quality" DOUBLE PRECISION,
    "quality_low" DOUBLE PRECISION,
    "quality_high" DOUBLE PRECISION,
    "log_loss_ratio" DOUBLE PRECISION,
    "bradley_terry" DOUBLE PRECISION,
    "skill" DOUBLE PRECISION NOT NULL,
    "probability_best" DOUBLE PRECISION,
    "in_tie_set" BOOLEAN NOT NULL,
    "preliminary" BOOLEAN NOT NULL,

    CONSTRAINT "matrix_cells_pkey" PRIMARY KEY ("sweep_id","target","candidate")
);

-- CreateTable
CREATE TABLE "policies" (
    "sweep_id" TEXT NOT NULL,
    "budget" DOUBLE PRECISION NOT NULL,
    "max_order" INTEGER NOT NULL,
    "objective_name" TEXT NOT NULL,
    "objective" DOUBLE PRECISION NOT NULL,
    "optimal" BOOLEAN NOT NULL,
    "record" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "policies_pkey" PRIMARY KEY ("sweep_id","budget","max_order","objective_name")
);

-- CreateTable
CREATE TABLE "phases" (
    "sweep_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "phases_pkey" PRIMARY KEY ("sweep_id","name")
);

-- CreateTable
CREATE TABLE "events" (
    "id" BIGSERIAL NOT NULL,
    "sweep_id" TEXT,
    "kind" TEXT NOT NULL,
    "data" JSONB NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "events_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "sweeps_number_key" ON "sweeps"("number");

-- CreateIndex
CREATE INDEX "sweep_runs_fingerprint_idx" ON "sweep_runs"("fingerprint");

-- CreateIndex
CREATE INDEX "sweep_runs_sweep_id_target_idx" ON "sweep_runs"("sweep_id", "target");

-- CreateIndex
CREATE INDEX "runs_state_priority_idx" ON "runs"("state", "priority");

-- CreateIndex
CREATE INDEX "run_dependencies_parent_idx" ON "run_dependencies"("parent");

-- CreateIndex
CREATE INDEX "matrix_cells_sweep_id_candidate_idx" ON "matrix_cells"("sweep_id", "candidate");

-- CreateIndex
CREATE INDEX "events_sweep_id_id_idx" ON "events"("sweep_id", "id");

-- AddForeignKey
ALTER TABLE "sweep_runs" ADD CONSTRAINT "sweep_runs_sweep_id_fkey" FOREIGN KEY ("sweep_id") REFERENCES "sweeps"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "sweep_runs" ADD CONSTRAINT "sweep_runs_fingerprint_fkey" FOREIGN KEY ("fingerprint") REFERENCES "runs"("fingerprint") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "run_dependencies" ADD CONSTRAINT "run_dependencies_child_fkey" FOREIGN KEY ("child") REFERENCES "runs"("fingerprint") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "run_dependencies" ADD CONSTRAINT "run_dependencies_parent_fkey" FOREIGN KEY ("parent") REFERENCES "runs"("fingerprint") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "run_results" ADD CONSTRAINT "run_results_fingerprint_fkey" FOREIGN KEY ("fingerprint") REFERENCES "runs"("fingerprint") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "probe_losses" ADD CONSTRAINT "probe_losses_fingerprint_fkey" FOREIGN KEY ("fingerprint") REFERENCES "runs"("fingerprint") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "run_samples" ADD CONSTRAINT "run_samples_fingerprint_fkey" FOREIGN KEY ("fingerprint") REFERENCES "runs"("fingerprint") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "target_analyses" ADD CONSTRAINT "target_analyses_sweep_id_fkey" FOREIGN KEY ("sweep_id") REFERENCES "sweeps"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "matrix_cells" ADD CONSTRAINT "matrix_cells_sweep_id_fkey" FOREIGN KEY ("sweep_id") REFERENCES "sweeps"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "policies" ADD CONSTRAINT "policies_sweep_id_fkey" FOREIGN KEY ("sweep_id") REFERENCES "sweeps"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "phases" ADD CONSTRAINT "phases_sweep_id_fkey" FOREIGN KEY ("sweep_id") REFERENCES "sweeps"("id") ON DELETE CASCADE ON UPDATE CASCADE;
