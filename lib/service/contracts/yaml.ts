import { isScalar, LineCounter, parseAllDocuments } from 'yaml';
import type { FieldIssue } from '@/lib/science/core';

/** A file with more aliases expanded than this is a bomb, not a sweep. */
const MAX_ALIASES = 50;

type Read = { value: unknown } | { issue: FieldIssue };

const refused = (message: string, path = ''): Read => ({ issue: { path, message } });

/** The value of a YAML text (JSON is YAML): one document, each key once, no tags beyond the core ones. Or what is wrong. */
export function readYaml(text: string): Read {
  // Pretty messages quote the line at every error, which takes a minute for one long bad line.
  const lines = new LineCounter();
  try {
    const parsed = parseAllDocuments(text, {
      schema: 'core',
      uniqueKeys: true,
      prettyErrors: false,
      lineCounter: lines,
      logLevel: 'silent',
    });
    const documents = Array.isArray(parsed) ? parsed : [];
    const [error] = documents.flatMap((document) => document.errors);
    if (error) {
      const { line, col } = lines.linePos(error.pos[0]);
      return refused(
        `no valid YAML or JSON: ${error.message} at line ${line}, column ${col}`,
        `line ${line}`,
      );
    }
    // A mark at the end begins a document that holds nothing.
    const [first, second] = documents.filter(({ contents: c }) => c && !(isScalar(c) && c.value === null));
    if (second) {
      const { line } = lines.linePos(second.range[0]);
      return refused(
        `a second YAML document begins at line ${line}; write one sweep a file, and submit several files together`,
        `line ${line}`,
      );
    }
    return { value: first?.toJS({ maxAliasCount: MAX_ALIASES }) ?? null };
  } catch {
    // Too many aliases (ReferenceError), or nested until the stack ends (RangeError).
    return refused('it nests too deeply or repeats itself by too many YAML aliases; write the values out');
  }
}
