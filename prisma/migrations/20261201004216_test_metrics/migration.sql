-- AlterTable
ALTER TABLE "run_results" ADD COLUMN     "test_metrics" BYTEA;
