// Who may import whom. Each rule says why, and what to do instead.
const lib = (name) => `^libs/${name}/src`;
const only = (from, allowed, why) => ({
  name: `${from.replace(/[^a-z]+/g, '-')}-imports`,
  severity: 'error',
  comment: why,
  from: { path: `^${from}/`, pathNot: '(\\.test\\.ts$|/testing/|/bench/|/sim/)' },
  to: { path: '^(apps|libs)/', pathNot: [`^${from}/`, ...allowed.map((name) => `${lib(name)}/index\\.ts$`)].join('|') },
});

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', comment: 'A cycle hides which part owns the concept: move the shared part down.', from: {}, to: { circular: true, dependencyTypesNot: ['type-only'] } },
    only('libs/contracts', [], 'Wire schemas are shared by everything, so they may depend on nothing of ours.'),
    only('libs/ledger', [], 'The ledger is what a third party audits: it stands alone.'),
    only('libs/evm', ['ledger'], 'Execution knows blocks, not the platform.'),
    only('libs/persistence', ['contracts'], 'The database knows wire ids, never a runtime or a chain format.'),
    only('libs/runtime', ['contracts'], 'A runtime driver starts containers; what is in them is not its business.'),
    only('libs/sdk', ['contracts', 'ledger'], 'The SDK is what users install: the client and the verifier, no server code.'),
    only('apps/gateway', ['contracts', 'persistence', 'sdk', 'ledger'], 'The gateway never touches a runtime, nor a private key of a node.'),
    only('apps/provisioner', ['contracts', 'persistence', 'runtime', 'sdk', 'ledger'], 'The provisioner serves no tenant request and imports no app.'),
    only('apps/node', ['ledger', 'evm'], 'A node knows nothing of tenants, PostgreSQL, Redis or Docker.'),
    {
      name: 'node-knows-no-platform',
      severity: 'error',
      comment: 'A member runs this program outside the platform: it may not need the platform’s stores.',
      from: { path: '^apps/node/', pathNot: '\\.test\\.ts$' },
      to: { path: 'node_modules/(pg|typeorm|bullmq|ioredis|dockerode|@nestjs)' },
    },
    {
      name: 'gateway-no-runtime-library',
      severity: 'error',
      comment: 'Only the provisioner, through libs/runtime, talks to an engine.',
      from: { path: '^(apps/gateway|apps/node|libs/(contracts|ledger|evm|persistence|sdk))/' , pathNot: '\\.test\\.ts$' },
      to: { path: 'node_modules/dockerode' },
    },
    {
      name: 'ledger-is-pure',
      severity: 'error',
      comment: 'Only the allow-listed crypto files of the ledger may import anything from outside.',
      from: { path: '^libs/ledger/src/', pathNot: '(^libs/ledger/src/crypto/|\\.test\\.ts$)' },
      to: { dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-optional'] },
    },
    {
      name: 'production-needs-no-dev-dependency',
      severity: 'error',
      comment: 'What runs in production is a dependency, not a development dependency.',
      from: { path: '^(apps|libs|migrations)/', pathNot: '(\\.test\\.ts$|/testing/|/bench/|/sim/|/conformance/)' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'], pathNot: 'node_modules/@types/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { conditionNames: ['stele:src', 'import', 'require', 'node', 'default'], exportsFields: ['exports'] },
  },
};
