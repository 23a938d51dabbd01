import type { SweepView } from '@/lib/service/contracts';

type Name = (task: string) => string;

/** One way to serve a target: a method and the sources that it starts from. */
export interface WayRef {
  method: string;
  sources: readonly string[];
}

/** What a candidate key names: `fine-tune:normals`, `born-again`, or, of plain readouts, the sources alone. */
export function parseKey(key: string, methods: readonly string[]): WayRef {
  if (methods.includes(key)) return { method: key, sources: [] };
  const at = key.lastIndexOf(':');
  return { method: at < 0 ? 'readout' : key.slice(0, at), sources: key.slice(at + 1).split('+') };
}

export interface Ways {
  /** Whether the sweep has more than one method, so that names must say which. */
  many: boolean;
  methods: SweepView['methods'];
  /** Methods that go from one source at a time: what a matrix can show. */
  paired: SweepView['methods'];
  label: (method: string) => string;
  /** `Rotation`, with several methods `Rotation · fine-tune`; `4 sources · ensemble`, `born-again`. */
  name: (way: WayRef) => string;
  keyName: (key: string) => string;
  /** The pair's page; ways without a source have none and lead to the page of all ways. */
  href: (base: string, way: WayRef, target: string) => string;
}

const MOST_NAMED = 2;

/** Names and addresses of ways to transfer, by what the sweep calls its methods. */
export function waysOf(sweep: Pick<SweepView, 'methods'> | undefined, taskName: Name): Ways {
  const methods = sweep?.methods ?? [];
  const many = methods.length > 1;
  const label = (method: string): string => methods.find((m) => m.id === method)?.label ?? method;
  const name = ({ method, sources }: WayRef): string => {
    const from = sources.map(taskName).join(' + ');
    if (!many && method === 'readout') return from;
    if (from === '') return label(method);
    const short = method !== 'readout' && sources.length > MOST_NAMED ? `${sources.length} sources` : from;
    return `${short} · ${label(method)}`;
  };
  const ids = methods.map((m) => m.id);
  return {
    many,
    methods,
    paired: methods.filter((m) => m.paired),
    label,
    name,
    keyName: (key) => name(parseKey(key, ids)),
    href: (base, { method, sources }, target) =>
      sources.length === 0
        ? `${base}/targets/${encodeURIComponent(target)}/methods`
        : `${base}/pairs/${encodeURIComponent(sources.join('+'))}/${encodeURIComponent(target)}${many ? `?method=${encodeURIComponent(method)}` : ''}`,
  };
}
