/**
 * The store at size: `npm run bench -- store-size [--runs 20000] [--sweeps 200] [--json]`.
 * A database of its own with one large sweep (three quarters done) and many small ones; what pages, polls, workers and
 * a submission wait for, in milliseconds, beside the goals. Ends with 1 when a goal is missed.
 */
import { readOptions, wholeNumber } from './command/options';
import { measureStore } from './store/measure';

const { values } = readOptions({
  runs: { type: 'string', default: '20000' },
  sweeps: { type: 'string', default: '200' },
  json: { type: 'boolean' },
});
const size = { runs: wholeNumber(values.runs, '--runs'), sweeps: wholeNumber(values.sweeps, '--sweeps') };
const figures = await measureStore(size);
if (values.json) console.log(JSON.stringify({ size, figures }));
else {
  console.log(`| ${size.runs} runs and ${size.sweeps} sweeps | ms | goal |\n|---|---:|---:|`);
  for (const { name, goal, came } of figures)
    console.log(`| ${name} | ${came.toFixed(1)} | ${goal === null ? '' : `< ${goal}`} |`);
}
process.exitCode = figures.some(({ goal, came }) => goal !== null && came > goal) ? 1 : 0;
