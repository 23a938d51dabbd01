-- CreateIndex
CREATE INDEX "events_sweep_id_kind_id_idx" ON "events"("sweep_id", "kind", "id");
