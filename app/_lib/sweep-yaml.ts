import { Document, isPair, isScalar, parseDocument, visit } from 'yaml';
import { fieldIssues, type Problem, type SweepSpec, sweepSpec } from '@/lib/service/contracts';

type Issues = Problem['error']['issues'];

/** A sweep file is JSON when it starts like an object; everything else is read as YAML. */
export const fileType = (text: string): 'application/json' | 'text/yaml' =>
  text.trimStart().startsWith('{') ? 'application/json' : 'text/yaml';

/** Columns of a line; longer ones are folded. */
const LINE = 110;

/** A sweep as a file: lists and small maps of plain values on one line, as the examples have them. */
export function yamlOf(spec: Readonly<Record<string, unknown>>): string {
  const document = new Document(spec, { version: '1.2' });
  visit(document, {
    Collection: (_, node) => {
      const flat = node.items.every((item) => isScalar(isPair(item) ? item.value : item));
      if (flat && node !== document.contents) node.flow = true;
    },
  });
  return document.toString({ lineWidth: LINE, flowCollectionPadding: true });
}

/** Aliases in a file at most; a sweep needs none. */
const MAX_ALIASES = 50;

/** A sweep file checked by the contract that the server checks it by; what is wrong with it, field by field, else. */
export function readSweep(text: string): { spec: SweepSpec } | { issues: Issues } {
  const document = parseDocument(text, { schema: 'core', prettyErrors: false, logLevel: 'silent' });
  const [error] = document.errors;
  if (error) return { issues: [{ path: '', message: `no valid YAML or JSON: ${error.message}` }] };
  try {
    const parsed = sweepSpec.safeParse(document.toJS({ maxAliasCount: MAX_ALIASES }));
    return parsed.success ? { spec: parsed.data } : { issues: fieldIssues(parsed.error) };
  } catch (cause) {
    // Too many aliases.
    return { issues: [{ path: '', message: cause instanceof Error ? cause.message : String(cause) }] };
  }
}
