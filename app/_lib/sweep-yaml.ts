import { Document, isPair, isScalar, visit } from 'yaml';
import { fieldIssues, type Problem, readYaml, type SweepSpec, sweepSpec } from '@/lib/service/contracts';

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

/** A sweep file checked by the contract that the server checks it by; what is wrong with it, field by field, else. */
export function readSweep(text: string): { spec: SweepSpec } | { issues: Issues } {
  const read = readYaml(text);
  if ('issue' in read) return { issues: [read.issue] };
  const parsed = sweepSpec.safeParse(read.value);
  return parsed.success ? { spec: parsed.data } : { issues: fieldIssues(parsed.error) };
}
