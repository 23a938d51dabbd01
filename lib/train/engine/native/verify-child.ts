// Runs in a process of its own: an engine that crashes must not take the installer with it.
import { knownAnswers, trainAndCount, wrongAnswers } from './known-answer';
import { loadNative } from './load';
import type { VerificationReport } from './verify';

const [directory, steps = '100'] = process.argv.slice(2);
const started = performance.now();
const native = directory === undefined ? null : await loadNative({ directory });
if (native === null) throw new Error('no engine folder given');
const answers = knownAnswers(native.tf);
const startMilliseconds = performance.now() - started;
const { leaked, first, last } = trainAndCount(native.tf, Number(steps));
const report: VerificationReport = {
  device: native.device,
  wrong: wrongAnswers(answers),
  checked: answers.length,
  steps: Number(steps),
  tensorsLeaked: leaked,
  firstLoss: first,
  lastLoss: last,
  startMilliseconds: Math.round(startMilliseconds),
};
process.stdout.write(`${JSON.stringify(report)}\n`);
