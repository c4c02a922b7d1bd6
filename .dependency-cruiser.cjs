// Who may import whom; the house's plan is in docs/architecture.md.
// "Common rooms" of the Worker (http, db, auth, env.ts) may be used by every room; the others only by themselves.
const rooms = '^worker/(?!http/|db/|auth/)([^/]+)/';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'room-into-room',
      comment: 'A room of the Worker never reaches into another one: it calls an object, or a common room.',
      severity: 'error',
      from: { path: rooms },
      // What rooms export to others: queueing a phone's command, starting a call, reaching a bridge, reading a script's parameters,
      // whose a PBX's token is.
      to: {
        path: rooms,
        pathNot: [
          '^worker/$1/',
          '^worker/dialer/queue-command\\.ts$',
          '^worker/bridge/links\\.ts$',
          '^worker/pbx/(tenant-of-token|told)\\.ts$',
          '^worker/platform/bridge-calls\\.ts$',
          '^worker/slots/script-(check|params)\\.ts$',
        ],
      },
    },
    {
      name: 'common-room-into-room',
      comment: 'http, db and auth know nothing of the rooms built on them.',
      severity: 'error',
      from: { path: '^worker/(http|db|auth)/' },
      to: { path: rooms },
    },
    {
      name: 'worker-into-object',
      comment:
        'The Worker speaks to an object through its contract, and through the pure wire formats that both ends read ' +
        '(channel.ts, engine-codec.ts, wire….ts of the inbox); only index.ts exports the classes.',
      severity: 'error',
      from: { path: '^worker/', pathNot: ['^worker/index\\.ts$', '\\.test\\.ts$'] },
      to: {
        path: '^objects/(?!lib/)',
        pathNot: ['/(contract|channel|engine-codec)\\.ts$', '^objects/inbox/wire(-people)?\\.ts$'],
      },
    },
    {
      name: 'object-into-object',
      comment: 'Objects speak to each other through contracts, too.',
      severity: 'error',
      from: { path: '^objects/(?!lib/)([^/]+)/', pathNot: '\\.test\\.ts$' },
      to: {
        path: '^objects/(?!lib/)',
        pathNot: ['^objects/$1/', '/contract\\.ts$', '^objects/inbox/wire\\.ts$'],
      },
    },
    {
      name: 'object-into-worker',
      comment: 'An object may use the bindings, the schema of D1 and shared primitives, never a room.',
      severity: 'error',
      from: { path: '^objects/' },
      to: { path: rooms },
    },
    {
      name: 'app-into-server',
      comment: 'The app knows the API by its generated types only.',
      severity: 'error',
      from: { path: '^app/' },
      to: { path: '^(worker|objects|scripts|test)/' },
    },
    {
      name: 'bridge-into-edge',
      comment:
        'The bridge is a program of its own: it shares the protocol of the tunnel with the edge, nothing else.',
      severity: 'error',
      from: { path: '^bridge/' },
      to: { path: '^(worker|objects|app|scripts|test)/' },
    },
    {
      name: 'provider-into-platform',
      comment:
        'A provider is an outside system: it knows the public API by what is published of it, and no code of ours.',
      severity: 'error',
      from: { path: '^providers/([^/]+)/' },
      to: { path: '^(worker|objects|bridge|app|scripts|test|providers/(?!$1/))/' },
    },
    {
      name: 'platform-into-provider',
      comment: 'Nor does the platform know one provider from another.',
      severity: 'error',
      from: { path: '^(worker|objects|bridge|app|scripts)/' },
      to: { path: '^providers/' },
    },
    {
      name: 'edge-into-bridge',
      comment: 'The edge knows the protocol of the tunnel, not what the bridge does with it.',
      severity: 'error',
      from: { path: '^(worker|objects)/' },
      to: { path: '^bridge/(?!protocol/)' },
    },
    {
      name: 'protocol-stands-alone',
      severity: 'error',
      from: { path: '^bridge/protocol/' },
      to: { path: '^bridge/(?!protocol/)' },
    },
    {
      name: 'product-into-tools',
      comment: 'Nothing that is deployed depends on scripts or tests.',
      severity: 'error',
      from: { path: '^(worker|objects|app|bridge)/', pathNot: '\\.test\\.ts$' },
      to: { path: '^(scripts|test)/' },
    },
    {
      name: 'server-into-app',
      severity: 'error',
      from: { path: '^(worker|objects)/' },
      to: { path: '^app/' },
    },
    {
      name: 'product-into-dev-dependency',
      comment: 'What the Worker imports is a dependency, not a development dependency (types do not count).',
      severity: 'error',
      from: {
        path: '^(worker|objects|bridge|providers)/',
        pathNot: '(\\.test|^providers/[^/]+/bench)\\.ts$',
      },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(\\.svelte-kit|build|paraglide)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['workerd', 'worker', 'import', 'types', 'default'],
    },
  },
};
