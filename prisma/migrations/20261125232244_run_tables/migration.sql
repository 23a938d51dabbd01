-- AlterTable
ALTER TABLE "run_results" ADD COLUMN     "tables" JSONB NOT NULL DEFAULT '[]';
