import type { Command } from 'commander';
import { z } from 'zod';
import { affinityFromWinRates } from '@/lib/science/affinity';
import { flatten } from '@/lib/science/numerics';
import { table } from '../terminal';
import { printJson, readJsonFile } from './json-input';

const rate = z.number().min(0, 'a win rate lies from 0 to 1').max(1, 'a win rate lies from 0 to 1');

/** `{"candidates": […], "winRates": [[…]]}`: a square matrix with one row and column per candidate. */
const tournamentFile = z
  .object({ candidates: z.array(z.string().min(1)).min(1), winRates: z.array(z.array(rate)) })
  .superRefine(({ candidates, winRates }, context) => {
    const n = candidates.length;
    if (new Set(candidates).size !== n) {
      context.addIssue({ code: 'custom', path: ['candidates'], message: 'must not name a candidate twice' });
    }
    if (winRates.length !== n) {
      context.addIssue({
        code: 'custom',
        path: ['winRates'],
        message: `has ${winRates.length} rows for ${n} candidates`,
      });
    }
    winRates.forEach((row, i) => {
      if (row.length !== n) {
        context.addIssue({
          code: 'custom',
          path: ['winRates', i],
          message: `has ${row.length} entries for ${n} candidates`,
        });
      }
    });
  });

type TournamentFile = z.infer<typeof tournamentFile>;

/** Clip → odds → principal eigenvector of a tournament file. */
function solveTournament(file: TournamentFile) {
  const { weights, lambdaMax, consistencyIndex, consistencyRatio } = affinityFromWinRates(
    flatten(file.winRates),
    file.candidates.length,
  );
  return {
    candidates: file.candidates,
    weights: Array.from(weights),
    lambdaMax,
    consistencyIndex,
    consistencyRatio,
  };
}

/** Mounts `taskatlas affinity solve`. */
export function registerAffinitySolve(program: Command): void {
  program
    .command('affinity')
    .description('affinities from tournaments (AHP)')
    .command('solve')
    .description('clip win rates to [0.001, 0.999], take odds, and give the principal eigenvector')
    .requiredOption('--tournament <file>', 'JSON: {"candidates": […], "winRates": [[…]]}')
    .option('--json', 'print JSON')
    .action(async (options: { tournament: string; json?: boolean }) => {
      const answer = solveTournament(
        await readJsonFile(options.tournament, tournamentFile, 'a tournament file'),
      );
      if (options.json) return printJson(answer);
      const ranked = answer.candidates
        .map((candidate, i) => ({ candidate, weight: answer.weights[i] ?? 0 }))
        .sort((a, b) => b.weight - a.weight);
      const rows = ranked.map(({ candidate, weight }) => [candidate, weight.toFixed(4)]);
      process.stdout.write(`${table(['candidate', 'affinity'], rows)}\n\n`);
      process.stdout.write(
        `λmax ${answer.lambdaMax.toFixed(4)}, consistency index ${answer.consistencyIndex.toFixed(4)}\n`,
      );
    });
}
