/** The import rules of DESIGN §3. Each says what a room may import; everything else is an error. */
const room = (name, from, allowed, comment) => ({
  name,
  severity: 'error',
  comment,
  from: { path: from, pathNot: '\\.test\\.tsx?$' },
  to: {
    path: '^(lib|app|workers|bin|bench)/',
    pathNot: [from, ...allowed],
  },
});

const science = 'lib/science';
const corePath = `^${science}/core`;
const numerics = `^${science}/numerics`;
const catalog = `^${science}/catalog`;

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    room('core-imports-nothing', corePath, [], 'core holds the nouns; it imports nothing'),
    room('numerics-core-only', numerics, [corePath], ''),
    room('catalog-core-only', catalog, [corePath], ''),
    room('datasets', `^${science}/datasets`, [corePath, numerics, catalog], ''),
    room('affinity', `^${science}/affinity`, [corePath, numerics, catalog], ''),
    room('policy', `^${science}/policy`, [corePath, numerics, catalog], ''),
    room('learning', `^${science}/learning`, [corePath, numerics], ''),
    room('estimators', `^${science}/estimators`, [corePath, numerics, catalog], ''),
    room('train-imports-science', '^lib/train', [`^${science}`], 'train never sees service'),
    room('contracts', '^lib/service/contracts', [`^${science}`], ''),
    room('ports', '^lib/service/ports/(?!testing)', [`^${science}`, '^lib/service/contracts'], ''),
    room('service', '^lib/service', [`^${science}`], 'service never sees train'),
    room(
      'workers',
      '^workers',
      [`^${science}`, '^lib/train', '^lib/service/(contracts|ports|sweeps|store|queue)'],
      'workers see no HTTP and no views',
    ),
    room('app', '^app', ['^lib/service/(contracts|views|server)'], 'pages parse, make one call, and present'),
    {
      name: 'server-only-in-mount-and-server-components',
      severity: 'error',
      from: { path: '^app', pathNot: '(^app/api/|(page|layout|route)\\.tsx?$)' },
      to: { path: '^lib/service/server' },
    },
    {
      name: 'tensorflow-only-in-train',
      severity: 'error',
      from: { path: '^(app|lib|bin|workers)/', pathNot: '^lib/train/' },
      to: { path: 'node_modules/@tensorflow' },
    },
    {
      name: 'prisma-only-in-store',
      severity: 'error',
      from: { path: '^(app|lib|bin|workers)/', pathNot: '^lib/service/store/' },
      to: { path: '(node_modules/@prisma|lib/service/store/generated)' },
    },
    {
      name: 'tensorflow-and-prisma-out-of-app',
      severity: 'error',
      from: { path: '^app/', pathNot: '^app/api/' },
      to: { path: 'node_modules/@(tensorflow|prisma)', reachable: true },
    },
    {
      name: 'no-tests-in-code',
      severity: 'error',
      from: { pathNot: '(^bench/|\\.test\\.tsx?$|/testing/|^e2e/|^vitest)' },
      to: { path: '(^bench/|\\.test\\.tsx?$|/testing/)' },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules', 'lib/service/store/generated'] },
    exclude: { path: ['^\\.next', '^\\.scratch', '^node_modules/(?!@tensorflow|@prisma)'] },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
