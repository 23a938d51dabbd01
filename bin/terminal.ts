import type { Estimate, PlanView, ProgressView } from '@/lib/service/contracts';

/** 75 → "1 min 15 s"; 8 → "8 s"; 4000 → "1 h 7 min". */
export function duration(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}

/** One line of progress: runs done / total, throughput, ETA, and what went wrong, if anything. */
export function progressLine(name: string, progress: ProgressView): string {
  const { counts, total, share } = progress;
  const parts = [`${name}: ${counts.done} of ${total} runs (${Math.floor(share * 100)} % of the work)`];
  // Between two runs, and while images are rendered, nobody reports a rate: no figure is better than a 0.
  const rate = progress.imagesPerSecond;
  if (rate > 0) parts.push(`${rate < 10 ? rate.toFixed(1) : Math.round(rate)} images/s`);
  if (counts.done + counts.failed + counts.cancelled >= total)
    parts.push(`took ${duration(progress.elapsedSeconds)}`);
  else if (progress.etaSeconds !== null) parts.push(`${duration(progress.etaSeconds)} left`);
  if (counts.failed > 0) parts.push(`${counts.failed} failed`);
  if (counts.lost > 0) parts.push(`${counts.lost} lost`);
  parts.push(...progress.alarms);
  return parts.join(', ');
}

/** A share as per cent with its interval: "72 % (66–78)". */
export function percent(estimate: Estimate | null): string {
  if (estimate === null) return '–';
  const round = (x: number): number => Math.round(x * 100);
  const interval =
    estimate.low === null || estimate.high === null
      ? ''
      : ` (${round(estimate.low)}–${round(estimate.high)})`;
  return `${round(estimate.value)} %${interval}`;
}

/** Left-aligned first column, right-aligned rest; columns as wide as their widest cell. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (row: readonly string[]): string =>
    widths
      .map((width, column) =>
        column === 0 ? (row[column] ?? '').padEnd(width) : (row[column] ?? '').padStart(width),
      )
      .join('  ')
      .trimEnd();
  return [line(header), widths.map((width) => '─'.repeat(width)).join('  '), ...rows.map(line)].join('\n');
}

/** What plans would run and cost, a row each, and what a person should know of the last (the total, if there are many). */
export function planLines(plans: readonly (readonly [name: string, plan: PlanView])[]): string {
  const kinds = ['dataset', 'source', 'scratch', 'mean', 'probe', 'pretrain', 'transfer'];
  const shown = kinds.filter((kind) => plans.some(([, plan]) => (plan.byKind[kind] ?? 0) > 0));
  const rows = plans.map(([name, plan]) => [
    name,
    ...shown.map((kind) => String(plan.byKind[kind] ?? 0)),
    String(plan.total + plan.growth),
    String(plan.reused),
    plan.estimatedFlops.toExponential(1),
    plan.estimatedSeconds === null ? '–' : duration(plan.estimatedSeconds),
  ]);
  const text = table(['plan', ...shown, 'runs', 'shared', 'FLOPs left', 'one worker'], rows);
  const notes = plans.at(-1)?.[1].notes ?? [];
  return notes.length === 0 ? text : `${text}\n\n${notes.join('\n')}`;
}

/** A line that rewrites itself on a terminal, and is printed at most every `everySeconds` into a log. */
export function liveLine(
  stream: NodeJS.WriteStream,
  everySeconds = 15,
): { show(text: string): void; end(): void } {
  let shownAt = 0;
  let last = '';
  return {
    show(text) {
      if (text === last) return;
      if (stream.isTTY) {
        stream.write(`\r\u001b[2K${text.slice(0, Math.max(20, (stream.columns ?? 100) - 1))}`);
        last = text;
      } else if (Date.now() - shownAt >= everySeconds * 1000) {
        shownAt = Date.now();
        stream.write(`${text}\n`);
        last = text;
      }
    },
    end() {
      if (stream.isTTY && last !== '') stream.write('\n');
      last = '';
    },
  };
}
