import { dirname, relative, resolve, sep } from 'node:path'

const ADAPTERS = ['sources', 'stores', 'catalog', 'notify', 'monitoring']

/** Who may import whom: docs/architecture.md draws it. A main stands by its path; what is not listed may import nothing. */
export const MAY_IMPORT = {
  core: [],
  files: ['core'],
  config: ['core', 'files'],
  pipeline: ['core', 'files'],
  ...Object.fromEntries(ADAPTERS.map(folder => [folder, ['core', 'files']])),
  engine: ['core', 'files', 'pipeline'],
  present: ['core', 'engine'],
  scheduler: ['core', 'engine'],
  http: ['core', 'engine', 'present'],
  cli: ['core', 'files', 'engine', 'present'],
  'make-store.ts': ['core', 'config', 'stores', 'engine'],
  'parts.ts': ['core', 'config', 'pipeline', ...ADAPTERS, 'engine', 'scheduler', 'make-store.ts'],
  'elsewhere.ts': ['core', 'config', 'engine', 'scheduler'],
  'app.ts': ['core', 'config', 'pipeline', ...ADAPTERS, 'engine', 'scheduler', 'http', 'parts.ts', 'elsewhere.ts'],
  'look.ts': ['core', 'files', 'config', 'pipeline', ...ADAPTERS, 'engine', 'parts.ts', 'app.ts'],
  'ending.ts': [],
  'last-resort.ts': ['core'],
  'server.ts': ['core', 'config', 'app.ts', 'ending.ts', 'last-resort.ts'],
  'cli/main.ts': ['core', 'config', 'cli', 'http', 'app.ts', 'ending.ts', 'look.ts', 'server.ts']
}

/** Where each package lives: a folder, a folder in one, or a main. Everything else depends on an interface of core. */
export const HOME = {
  zod: ['core', 'config', 'pipeline', ...ADAPTERS, 'engine', 'present', 'scheduler', 'http', 'cli'],
  yaml: ['config'],
  commander: ['cli'],
  picocolors: ['cli'],
  'age-encryption': ['pipeline'],
  openpgp: ['pipeline'],
  croner: ['scheduler', 'config'],
  'better-sqlite3': ['catalog', 'sources/sqlite'],
  fastify: ['http'],
  'fastify-type-provider-zod': ['http'],
  '@fastify/*': ['http'],
  'fast-jwt': ['http'],
  'openapi-types': ['http'],
  'node-cron': ['scheduler'],
  'prom-client': ['monitoring'],
  '@aws-sdk/*': ['stores/s3'],
  '@google-cloud/storage': ['stores/gcs'],
  'google-auth-library': ['stores/gcs'],
  '@azure/core-http-compat': ['stores/azure'],
  '@azure/core-rest-pipeline': ['stores/azure'],
  '@azure/storage-blob': ['stores/azure'],
  pino: ['app.ts']
}

/** An ESLint rule that keeps both tables, for every way in which one module can name another. */
export const boundaries = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      folder: '{{from}} may import only: {{allowed}}. Name what it needs as an interface of its own, and let app.ts pass it in.',
      package: '"{{name}}" lives in {{home}} alone. Depend on an interface of core instead.',
      homeless: '"{{name}}" has no home yet. Give it one in lint/boundaries.js.',
      sqlite: 'One SQLite library in a process: better-sqlite3 is ours.',
      outside: 'src/ imports nothing from outside of it.'
    }
  },
  create (context) {
    const root = resolve(context.cwd, 'src')
    const file = relative(root, context.filename).split(sep).join('/')
    if (file.startsWith('../')) return {}
    const from = partOf(file)

    function check (node) {
      if (typeof node?.value !== 'string') return
      const problem = node.value.startsWith('.')
        ? importProblem(from, relative(root, resolve(dirname(context.filename), node.value)).split(sep).join('/'))
        : packageProblem(file, from, node.value)
      if (problem !== undefined) context.report({ node, ...problem })
    }

    return {
      ImportDeclaration: node => { check(node.source) },
      ExportNamedDeclaration: node => { check(node.source) },
      ExportAllDeclaration: node => { check(node.source) },
      ImportExpression: node => { check(node.source) },
      TSImportType: node => { check(node.source ?? node.argument?.literal) }
    }
  }
}

/** The folder or the main that a file belongs to. */
function partOf (file) {
  return Object.hasOwn(MAY_IMPORT, file) ? file : file.split('/')[0]
}

function importProblem (from, target) {
  if (target.startsWith('../')) return { messageId: 'outside' }
  const allowed = MAY_IMPORT[from] ?? []
  const to = partOf(target)
  if (to === from || allowed.includes(to)) return undefined
  const own = from.includes('.') ? [] : [`${from}/ itself`]
  return { messageId: 'folder', data: { from, allowed: [...own, ...allowed].join(', ') } }
}

function packageProblem (file, from, name) {
  if (name === 'node:sqlite') return { messageId: 'sqlite' }
  if (name.startsWith('node:')) return undefined
  const [scope, rest] = name.split('/')
  const bare = name.startsWith('@') ? `${scope}/${rest}` : scope
  const home = HOME[bare] ?? HOME[`${scope}/*`]
  if (home === undefined) return { messageId: 'homeless', data: { name: bare } }
  if (home.some(place => place === from || file === place || file.startsWith(`${place}/`))) return undefined
  return { messageId: 'package', data: { name: bare, home: home.join(', ') } }
}
