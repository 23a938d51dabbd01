-- AlterTable
ALTER TABLE "sweeps" ADD COLUMN     "notes" JSONB NOT NULL DEFAULT '[]';
