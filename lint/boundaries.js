import { dirname, relative, resolve, sep } from 'node:path'
import { ImportGraph } from './import-graph.js'

const ADAPTERS = ['sources', 'stores', 'catalog', 'notify', 'monitoring']

/**
 * Who may import whom: docs/architecture.md draws it. A main stands by its path, and so does the one file of a folder
 * that others may import; what is not listed may import nothing. The configuration takes the fields of each kind from
 * the list of kinds.
 */
export const MAY_IMPORT = {
  core: [],
  files: ['core'],
  config: ['core', 'files', 'sources/index.ts', 'stores/index.ts'],
  pipeline: ['core', 'files'],
  ...Object.fromEntries(ADAPTERS.map(folder => [folder, ['core', 'files']])),
  engine: ['core', 'files', 'pipeline'],
  present: ['core', 'engine'],
  scheduler: ['core', 'engine'],
  http: ['core', 'engine', 'present'],
  cli: ['core', 'files', 'engine', 'present'],
  app: ['core', 'files', 'config', 'pipeline', ...ADAPTERS, 'engine', 'scheduler', 'http'],
  'server.ts': ['core', 'config', 'app'],
  'cli/main.ts': ['core', 'config', 'sources/index.ts', 'cli', 'cli/configured.ts', 'http', 'app', 'server.ts'],
  'cli/configured.ts': ['core', 'config', 'cli', 'app']
}

/**
 * The rooms of the engine, from the top down: a room imports those that stand after it. Those on one line know nothing
 * of each other. `engine` is the two files that sum the verbs of all rooms, `deps` the others in engine/ itself.
 */
export const ENGINE_ROOMS = [
  ['engine'],
  ['recovery'],
  ['restore'],
  ['backup', 'status'],
  ['replication'],
  ['verify', 'retention'],
  ['artifacts'],
  ['deps'],
  ['jobs']
]

/** Files in engine/ that import every room. */
const SUMS = ['engine.ts', 'make-engine.ts']

/** Where each package lives: a folder, a folder in one, or a main. Everything else depends on an interface of core. */
export const HOME = {
  zod: ['core', 'config', 'pipeline', ...ADAPTERS, 'engine', 'present', 'scheduler', 'http', 'cli'],
  yaml: ['config'],
  commander: ['cli'],
  picocolors: ['cli'],
  'age-encryption': ['pipeline'],
  '@scure/base': ['config'],
  openpgp: ['pipeline'],
  croner: ['scheduler', 'config'],
  'better-sqlite3': ['catalog', 'sources/sqlite'],
  ignore: ['sources/directory'],
  pg: ['sources/postgres'],
  fastify: ['http'],
  'fastify-type-provider-zod': ['http'],
  '@fastify/*': ['http'],
  'fast-jwt': ['http'],
  'node-cron': ['scheduler'],
  'prom-client': ['monitoring'],
  '@aws-sdk/*': ['stores/s3'],
  'google-auth-library': ['stores/gcs'],
  '@azure/core-http-compat': ['stores/azure'],
  '@azure/core-rest-pipeline': ['stores/azure'],
  '@azure/storage-blob': ['stores/azure'],
  pino: ['app']
}

/**
 * An ESLint rule that keeps these tables and refuses circles of files, for every way in which one module can name
 * another. A circle is refused also where it is one of types alone.
 */
export const boundaries = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      folder:
        '{{from}} may import only: {{allowed}}. Name what it needs as an interface of its own, and let src/app/ pass it in.',
      room: 'In engine/, {{from}} may import only: {{allowed}}. Move what both need to a folder below, or to core.',
      roomless: 'engine/{{name}}/ has no place in the order of the folders. Add it in lint/boundaries.js.',
      circle:
        'A circle of imports: {{way}}. Carry what they need of each other, types too, into a file that both may import.',
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
    const graph = graphOf(root)
    const from = partOf(file)

    function check (node) {
      if (typeof node?.value !== 'string') return
      if (!node.value.startsWith('.')) return report(node, packageProblem(file, from, node.value))
      const target = relative(root, resolve(dirname(context.filename), node.value)).split(sep).join('/')
      report(node, importProblem(from, target) ?? roomProblem(file, target) ?? circleProblem(graph, file, target))
    }

    function report (node, problem) {
      if (problem !== undefined) context.report({ node, ...problem })
    }

    return {
      ImportDeclaration: node => {
        check(node.source)
      },
      ExportNamedDeclaration: node => {
        check(node.source)
      },
      ExportAllDeclaration: node => {
        check(node.source)
      },
      ImportExpression: node => {
        check(node.source)
      },
      TSImportType: node => {
        check(node.source ?? node.argument?.literal)
      }
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
  if (to === from || allowed.includes(to) || allowed.includes(target)) return undefined
  const own = from.includes('.') ? [] : [`${from}/ itself`]
  return { messageId: 'folder', data: { from, allowed: [...own, ...allowed].join(', ') } }
}

/** The room of the engine that a file lies in; undefined: it is no file of the engine. */
function roomOf (file) {
  const [folder, room, rest] = file.split('/')
  if (folder !== 'engine' || room === undefined) return undefined
  if (rest !== undefined) return room
  return SUMS.includes(room) ? 'engine' : 'deps'
}

function roomProblem (file, target) {
  const from = roomOf(file)
  const to = roomOf(target)
  if (from === undefined || to === undefined || from === to) return undefined
  const floorOf = room => ENGINE_ROOMS.findIndex(rooms => rooms.includes(room))
  for (const name of [from, to]) if (floorOf(name) === -1) return { messageId: 'roomless', data: { name } }
  if (floorOf(from) < floorOf(to)) return undefined
  const allowed = ENGINE_ROOMS.slice(floorOf(from) + 1).flat()
  return { messageId: 'room', data: { from, allowed: [`${from} itself`, ...allowed].join(', ') } }
}

function circleProblem (graph, file, target) {
  const way = graph.wayFrom(target, file)
  return way === undefined ? undefined : { messageId: 'circle', data: { way: [file, ...way].join(' → ') } }
}

const graphs = new Map()

/** One for all files that are linted: it reads all of them. */
function graphOf (root) {
  const known = graphs.get(root)
  if (known !== undefined) return known
  const graph = new ImportGraph(root)
  graphs.set(root, graph)
  return graph
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
