-- CreateTable
CREATE TABLE "stored_views" (
    "sweep_id" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "version" TEXT NOT NULL,
    "body" BYTEA NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "stored_views_pkey" PRIMARY KEY ("sweep_id","key")
);

-- AddForeignKey
ALTER TABLE "stored_views" ADD CONSTRAINT "stored_views_sweep_id_fkey" FOREIGN KEY ("sweep_id") REFERENCES "sweeps"("id") ON DELETE CASCADE ON UPDATE CASCADE;
