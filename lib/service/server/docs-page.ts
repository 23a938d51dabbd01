/** The parts of an OpenAPI document that the page shows. */
interface Shape {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  properties?: Record<string, Shape>;
  additionalProperties?: Shape | boolean;
  items?: Shape;
  prefixItems?: Shape[];
  anyOf?: Shape[];
  oneOf?: Shape[];
  required?: string[];
  description?: string;
}

interface Operation {
  tags?: string[];
  summary?: string;
  description?: string;
  parameters?: {
    name: string;
    in: string;
    required?: boolean;
    description?: string;
    schema?: Shape;
    example?: unknown;
  }[];
  requestBody?: { description?: string; content?: Record<string, { schema?: Shape }> };
  responses?: Record<string, { description?: string; content?: Record<string, { schema?: Shape }> }>;
}

interface Document {
  info: { title: string; version: string; description?: string };
  tags?: { name: string }[];
  paths?: Record<string, Record<string, unknown>>;
  components?: { schemas?: Record<string, unknown> };
}

const ESCAPES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const html = (text: string): string => text.replace(/[&<>"']/g, (char) => ESCAPES[char] ?? char);

/** Text with `code` in backticks. */
const prose = (text: string): string => html(text).replace(/`([^`]+)`/g, '<code>$1</code>');

const refName = (ref: string): string => ref.split('/').at(-1) ?? ref;
const refLink = (ref: string): string => `<a href="#shape-${html(refName(ref))}">${html(refName(ref))}</a>`;

/** A shape in one line: `number | null`, `Cell[]`, `"a" | "b"`. */
function typeOf(shape: Shape | undefined): string {
  if (!shape) return 'anything';
  if (shape.$ref) return refLink(shape.$ref);
  if (shape.enum) return shape.enum.map((value) => html(JSON.stringify(value))).join(' | ');
  if (shape.const !== undefined) return html(JSON.stringify(shape.const));
  const choices = shape.anyOf ?? shape.oneOf;
  if (choices) return choices.map(typeOf).join(' | ');
  if (shape.prefixItems) return `[${shape.prefixItems.map(typeOf).join(', ')}]`;
  const types = [shape.type ?? 'anything'].flat();
  return types
    .map((type) => {
      if (type === 'array') return `${typeOf(shape.items)}[]`;
      if (type !== 'object') return html(type);
      if (shape.properties) return `{ ${Object.keys(shape.properties).map(html).join(', ')} }`;
      return typeof shape.additionalProperties === 'object'
        ? `{ [name]: ${typeOf(shape.additionalProperties)} }`
        : 'object';
    })
    .join(' | ');
}

function fields(shape: Shape, depth = 0): string {
  const rows = Object.entries(shape.properties ?? {}).map(([name, field]) => {
    const optional = shape.required?.includes(name) ? '' : ' <i>optional</i>';
    const nested = depth < 3 ? (innerObject(field) ?? null) : null;
    const below = nested ? fields(nested, depth + 1) : '';
    const note = field.description ? `<p>${prose(field.description)}</p>` : '';
    return `<li><b>${html(name)}</b> <span>${nested ? kindOf(field) : typeOf(field)}</span>${optional}${note}${below}</li>`;
  });
  return rows.length > 0 ? `<ul class="fields">${rows.join('')}</ul>` : '';
}

/** The object inside a field whose own fields are worth listing: the field itself, its items, or its choice. */
function innerObject(field: Shape): Shape | undefined {
  if (field.properties) return field;
  if (field.items) return innerObject(field.items);
  return (field.anyOf ?? field.oneOf)?.find((choice) => choice.properties);
}

const kindOf = (field: Shape): string =>
  [field.items ? 'list of objects' : 'object', ...[field.type ?? []].flat().filter((t) => t === 'null')].join(
    ' | ',
  );

function operationOf(method: string, path: string, operation: Operation): string {
  const parameters = (operation.parameters ?? []).map(
    (p) =>
      `<li><b>${html(p.name)}</b> <span>${typeOf(p.schema)}</span>${p.required ? '' : ' <i>optional</i>'}${
        p.description ? `<p>${prose(p.description)}</p>` : ''
      }</li>`,
  );
  const body = operation.requestBody;
  const bodyTypes = Object.entries(body?.content ?? {}).map(
    ([type, { schema }]) => `<li><b>${html(type)}</b> <span>${typeOf(schema)}</span></li>`,
  );
  const answers = Object.entries(operation.responses ?? {}).map(([status, { description, content }]) => {
    const shapes = Object.entries(content ?? {}).map(([type, { schema }]) =>
      schema?.$ref ? refLink(schema.$ref) : html(type),
    );
    return `<li><b>${html(status)}</b> ${prose(description ?? '')} <span>${shapes.join(', ')}</span></li>`;
  });
  return `<section class="operation">
<h3><em class="${html(method)}">${html(method.toUpperCase())}</em> <code>${html(path)}</code></h3>
<p class="summary">${prose(operation.summary ?? '')}</p>
${operation.description ? `<p>${prose(operation.description)}</p>` : ''}
${parameters.length > 0 ? `<h4>Parameters</h4><ul class="fields">${parameters.join('')}</ul>` : ''}
${bodyTypes.length > 0 ? `<h4>Body</h4><p>${prose(body?.description ?? '')}</p><ul class="fields">${bodyTypes.join('')}</ul>` : ''}
<h4>Answers</h4><ul class="fields">${answers.join('')}</ul>
</section>`;
}

/** Colours of the atlas page: warm paper, ink, petrol. */
const STYLE = `
:root{color-scheme:light dark;--paper:#fcfbf8;--panel:#fff;--line:#e2e1dd;--ink:oklch(.25 .015 245);--ink2:oklch(.44 .013 245);--accent:#006389;--worse:oklch(.535 .122 56)}
@media(prefers-color-scheme:dark){:root{--paper:#10161a;--panel:#171d23;--line:#282f35;--ink:oklch(.94 .006 95);--ink2:oklch(.76 .01 240);--accent:#68c7dd;--worse:#e7a55a}}
*{box-sizing:border-box}html{scroll-behavior:smooth}
body{margin:0;background:var(--paper);color:var(--ink);font:14px/1.55 Inter,system-ui,sans-serif}
main{max-width:880px;margin:0 auto;padding:36px 24px 96px}
h1{font:600 26px/1.2 "Source Serif 4",Georgia,serif;margin:0 0 8px}h2{font:600 19px/1.3 "Source Serif 4",Georgia,serif;margin:48px 0 12px}
h3{font-size:14px;margin:0}h4{font-size:12px;color:var(--ink2);margin:14px 0 4px;font-weight:600}
p{margin:4px 0}a{color:var(--accent);text-decoration:none}a:hover{text-decoration:underline}
code,.fields b{font:13px/1.5 "JetBrains Mono",ui-monospace,monospace}.fields b{font-weight:600}
pre{background:var(--panel);border:1px solid var(--line);border-radius:9px;padding:12px 16px;white-space:pre-wrap;overflow-wrap:anywhere}
nav ul{columns:2;padding:0;list-style:none;margin:12px 0}nav li{break-inside:avoid;padding:2px 0}
.operation,.shape{background:var(--panel);border:1px solid var(--line);border-radius:9px;padding:16px 20px;margin:12px 0;scroll-margin-top:12px}
em{font:600 12px/1 "JetBrains Mono",ui-monospace,monospace;font-style:normal;color:var(--accent);margin-right:6px}em.post{color:var(--worse)}
.fields{list-style:none;padding:0;margin:4px 0}.fields .fields{padding-left:20px;border-left:1px solid var(--line);margin:4px 0 4px 4px}
.fields li{padding:2px 0}.fields span{color:var(--ink2)}.fields i{color:var(--ink2);font-size:12px}.fields p{color:var(--ink2);margin:0}
.summary{font-weight:600}@media(max-width:640px){nav ul{columns:1}}
`;

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

/** A readable page of the whole API from its OpenAPI document. Nothing is loaded from anywhere. */
export function docsPage(document: object, origin: string): string {
  const { info, tags = [], paths = {}, components } = document as Document;
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    METHODS.flatMap((method) => {
      const operation = methods[method] as Operation | undefined;
      return operation ? [{ method, path, operation }] : [];
    }),
  );
  const anchor = (method: string, path: string) => `op-${method}-${path.replace(/[^a-z0-9]+/gi, '-')}`;
  const groups = tags.map(({ name }) => {
    const mine = operations.filter(({ operation }) => operation.tags?.[0] === name);
    const sections = mine.map(
      ({ method, path, operation }) =>
        `<div id="${html(anchor(method, path))}">${operationOf(method, path, operation)}</div>`,
    );
    return `<h2>${html(name)}</h2>${sections.join('')}`;
  });
  const contents = operations.map(
    ({ method, path, operation }) =>
      `<li><a href="#${html(anchor(method, path))}">${prose(operation.summary ?? path)}</a></li>`,
  );
  const shapes = Object.entries(components?.schemas ?? {}).map(
    ([name, shape]) =>
      `<section class="shape" id="shape-${html(name)}"><h3>${html(name)}</h3>${fields(shape as Shape)}</section>`,
  );
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>${html(info.title)}</title><link rel="icon" href="data:,"><style>${STYLE}</style></head><body><main>
<p><a href="/">← Taskatlas</a></p><h1>${html(info.title)} ${html(info.version)}</h1><p>${prose(info.description ?? '')}</p>
<p>Machine-readable: <a href="openapi.json">openapi.json</a> (OpenAPI 3.1).</p>
<pre>curl -s '${html(origin)}/api/v1/sweeps/latest/best-source?target=z-depth&amp;k=3'
curl -s -X POST -H 'content-type: text/yaml' --data-binary @sweep.yaml ${html(origin)}/api/v1/sweeps
curl -N ${html(origin)}/api/v1/sweeps/latest/events</pre>
<nav><ul>${contents.join('')}</ul></nav>${groups.join('')}<h2>Shapes</h2>${shapes.join('')}</main></body></html>`;
}
