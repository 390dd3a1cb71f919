import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { systemCode } from '../core/errors.ts'
import { hasFile } from '../core/ports/field.ts'
import type { SourceKind } from '../core/ports/source-kind.ts'
import { SOURCE_KINDS } from '../sources/index.ts'
import { STORE_KINDS } from '../stores/index.ts'
import { variableText, type Environment } from './read-environment.ts'
import { misreading } from './misread.ts'
import { CONFIG_FILE, CONFIG_VARIABLE, OPTION_NAMES, OPTIONS, sourceKeys, type OptionName } from './options.ts'
import type { Problem } from './problem.ts'
import { isMap, readEntries, readMap } from './raw-map.ts'
import type { RawValue } from './raw-value.ts'
import { readSecret } from './secret-file.ts'
import { readSpelled, type Spelled } from './spellings.ts'
import { readTrusted, UntrustedFile, type Reader } from './trusted-file.ts'
import { yaml } from './yaml.ts'

/** What holdfast.yaml says. */
export interface FileContent {
  /** undefined: there is none. */
  readonly path: string | undefined
  /** The keys at its top that it has in another spelling. */
  readonly spellings: Spelled['spellings']
  readonly options: ReadonlyMap<OptionName, RawValue>
  /** In the order of the file. */
  readonly sources: readonly FileSource[]
  readonly defaultSource: RawValue | undefined
  /** These three hold for each source that has none of its own. */
  readonly schedule: RawValue | undefined
  readonly retention: RawValue | undefined
  readonly localRetention: RawValue | undefined
  /** Stores by a list or by their names; what is in it is not looked at yet. */
  readonly stores: RawValue | undefined
  /** Sets by a list or by their names; what is in it is not looked at yet. */
  readonly sets: RawValue | undefined
  /** One store of a kind, by the name of the kind, as the Signal Harvester guide writes that for S3. */
  readonly blocks: ReadonlyMap<string, RawValue>
}

export interface FileSource {
  /** `sources[0]` or `sources.name`. */
  readonly configPath: string
  /** The first, where the source gives none that there is. */
  readonly kind: SourceKind
  readonly fields: ReadonlyMap<string, RawValue>
}

const NOTHING: FileContent = {
  path: undefined,
  spellings: [],
  options: new Map(),
  sources: [],
  defaultSource: undefined,
  schedule: undefined,
  retention: undefined,
  localRetention: undefined,
  stores: undefined,
  sets: undefined,
  blocks: new Map()
}
const FILE_NAMES = OPTION_NAMES.filter(name => hasFile(OPTIONS[name])).map(name => `${name}File`)
/** What is read elsewhere, as it stands there. */
export const WHOLE = ['schedule', 'retention', 'localRetention', 'stores', 'sets'] as const

declare const isBlock: unique symbol

/** The name of a kind of store that may have a block of its own. */
export type StoreBlock = string & { readonly [isBlock]: true }

export const BLOCKS = STORE_KINDS.filter(({ hasBlock }) => hasBlock).map(({ name }) => name as StoreBlock)
const KNOWN = [...OPTION_NAMES, ...FILE_NAMES, 'sources', 'defaultSource', ...WHOLE, ...BLOCKS]

/**
 * Reads the file that `HOLDFAST_CONFIG` names, or `./holdfast.yaml` if there is one, which nobody else may have
 * written.
 */
export function readFile (
  environment: Environment,
  cwd: string,
  problems: Problem[],
  reader: Reader = 'command'
): FileContent {
  const named = variableText(environment, CONFIG_VARIABLE)
  const misread = misreading({ name: CONFIG_VARIABLE, value: named, base: cwd, origin: 'environment' }, 'path')
  if (misread !== undefined) {
    problems.push({ name: CONFIG_VARIABLE, ...misread })
    return NOTHING
  }
  const path = named === undefined ? join(cwd, CONFIG_FILE) : resolve(cwd, named)
  if (named === undefined && !existsSync(path)) return NOTHING
  let text: string
  try {
    text = named === undefined
      ? readTrusted(path, `set ${CONFIG_VARIABLE} to its path`, reader).toString('utf8')
      : readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof UntrustedFile) {
      problems.push({ name: CONFIG_FILE, problem: error.problem, remedy: error.remedy })
    } else {
      problems.push({
        name: CONFIG_VARIABLE,
        problem: `"${path}" cannot be read (${systemCode(error) ?? 'unknown'})`,
        remedy: `Give the path of a readable ${CONFIG_FILE}, or omit it.`
      })
    }
    return NOTHING
  }
  const content = parse(text, path, problems)
  return content === undefined ? NOTHING : readContent(content, path, problems)
}

/**
 * The text as a map; undefined, and a problem reported, where it is none. Shows no part of the text: it may hold
 * secrets.
 */
function parse (text: string, path: string, problems: Problem[]): object | undefined {
  const { LineCounter, parseDocument } = yaml()
  const lineCounter = new LineCounter()
  // The schema is said, so that not even a file that calls itself YAML 1.1 makes a number of the time 02:00.
  const document = parseDocument(text, { lineCounter, prettyErrors: false, version: '1.2', schema: 'core' })
  for (const error of document.errors) {
    const { line, col } = lineCounter.linePos(error.pos[0])
    const what = error.code.toLowerCase().replaceAll('_', ' ')
    problems.push({
      name: CONFIG_FILE,
      problem: `"${path}" is not valid YAML at line ${line}, column ${col} (${what})`,
      remedy: 'Correct that line; holdfast.example.yaml has examples.'
    })
  }
  if (document.errors.length > 0) return undefined
  let content: unknown
  try {
    content = document.toJS() ?? {}
  } catch {
    problems.push({
      name: CONFIG_FILE,
      problem: `"${path}" refers to a missing anchor, or to too many anchors`,
      remedy: 'Replace the aliases by their values.'
    })
    return undefined
  }
  if (isMap(content)) return content
  problems.push({
    name: CONFIG_FILE,
    problem: `"${path}" is not a map of settings`,
    remedy: 'Write one "key: value" per line; holdfast.example.yaml has examples.'
  })
  return undefined
}

function readContent (content: object, path: string, problems: Problem[]): FileContent {
  const base = dirname(path)
  const { given, spellings } = readSpelled(content, base, KNOWN, problems)
  const options = new Map<OptionName, RawValue>()
  for (const name of OPTION_NAMES) {
    const direct = given.get(name)
    const found = hasFile(OPTIONS[name]) ? readSecret(direct, given.get(`${name}File`), problems) : direct
    if (found !== undefined) options.set(name, found)
  }
  return {
    path,
    spellings,
    options,
    sources: readSources(given.get('sources'), base, problems),
    defaultSource: given.get('defaultSource'),
    schedule: given.get('schedule'),
    retention: given.get('retention'),
    localRetention: given.get('localRetention'),
    stores: given.get('stores'),
    sets: given.get('sets'),
    blocks: new Map(BLOCKS.flatMap((name): Array<[string, RawValue]> => {
      const block = given.get(name)
      return block === undefined ? [] : [[name, block]]
    }))
  }
}

/** A list of sources, or a map from their names. */
function readSources (given: RawValue | undefined, base: string, problems: Problem[]): FileSource[] {
  return readEntries(given, 'Give at least a name and a path; holdfast.example.yaml has examples.', problems)
    .map(({ configPath, map }) => {
      const kind = kindIn(map)
      const of = 'kind' in map && map.kind === kind.name ? ` of the kind "${kind.name}"` : ''
      return {
        configPath,
        kind,
        fields: readMap(map, { prefix: `${configPath}.`, base, of }, sourceKeys(kind), problems)
      }
    })
}

/** The kind of a source as it is written; the first, where it names none that a source can have. */
export function kindIn (map: object): SourceKind {
  return SOURCE_KINDS.find(({ name, membersOf }) => membersOf === undefined && 'kind' in map && map.kind === name) ??
    SOURCE_KINDS[0]
}

/** The sets of the file, as sources of the kind that has members. Reports what is no map. */
export function setsIn (given: RawValue | undefined, problems: Problem[]): readonly FileSource[] {
  const kind = SOURCE_KINDS.find(({ membersOf }) => membersOf !== undefined)
  if (kind === undefined) return []
  return readEntries(given, 'Give at least its members; holdfast.example.yaml has examples.', problems)
    .map(({ configPath, map }) => ({
      configPath,
      kind,
      fields: readMap(
        map,
        { prefix: `${configPath}.`, base: given?.base ?? '/', of: ' of a set' },
        sourceKeys(kind).filter(key => key !== 'kind'),
        problems
      )
    }))
}
