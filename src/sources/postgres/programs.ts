import { execFile } from 'node:child_process'
import { constants } from 'node:fs'
import { access, readdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { BackupError } from '../../core/errors.ts'

/**
 * Programs of PostgreSQL that the service starts. On Debian the package of the client has the first five, and that of
 * the server the last two.
 */
export const PROGRAMS = ['pg_dump', 'pg_dumpall', 'pg_restore', 'psql', 'pg_amcheck', 'initdb', 'postgres'] as const
export type Program = typeof PROGRAMS[number]

/** The programs of one version in one directory. */
export interface Installation {
  /** Where they are: `/usr/lib/postgresql/15/bin`. */
  readonly directory: string
  readonly major: number
  /** Of pg_dump: `15.18`. */
  readonly version: string
  readonly programs: ReadonlySet<Program>
}

/** Where packages have the programs; `*` is the major version. Those of Debian, of PGDG's RPMs, of Homebrew. */
const USUAL = ['/usr/lib/postgresql/*/bin', '/usr/pgsql-*/bin', '/opt/homebrew/opt/postgresql@*/bin']
const PLAIN = ['/usr/local/pgsql/bin', '/usr/local/bin', '/usr/bin']
/** Milliseconds. */
const TIMEOUT = 10_000

/**
 * The installations on this machine: those in `directories`, which hold the programs themselves or `MAJOR/bin`, or
 * where packages have them if there are none; the newest first. One that is reached by two paths is listed once.
 */
export async function installations (directories: readonly string[] = []): Promise<readonly Installation[]> {
  const places = directories.length > 0
    ? directories.flatMap(directory => [directory, join(directory, '*', 'bin')])
    : [...USUAL, ...PLAIN]
  const candidates = (await Promise.all(places.map(expanded))).flat()
  const found = new Map<string, Installation>()
  for (const directory of candidates) {
    // /usr/bin/pg_dump of Debian is a script that chooses a version.
    const program = await realpath(join(directory, 'pg_dump')).catch(() => undefined)
    if (program === undefined || found.has(program) || program.endsWith('pg_wrapper')) continue
    const installation = await installationAt(directory)
    if (installation !== undefined) found.set(program, installation)
  }
  return [...found.values()].toSorted((a, b) => compareVersions(b.version, a.version))
}

/**
 * The installation whose programs work with a server of `serverMajor`: that of its own version, otherwise the next
 * newer one, as older programs refuse a newer server. Throws `SOURCE_TOOL_MISSING` where none has all of `needed`.
 */
export function installationFor (
  found: readonly Installation[],
  serverMajor: number,
  needed: readonly Program[]
): Installation {
  const usable = found.filter(one => needed.every(program => one.programs.has(program)))
  const chosen = usable.findLast(({ major }) => major >= serverMajor)
  if (chosen !== undefined) return chosen
  const list = needed.map(program => `"${program}"`).join(', ')
  const newest = usable[0]
  const isServer = needed.some(program => program === 'initdb' || program === 'postgres')
  const name = `postgresql${isServer ? '' : '-client'}-${serverMajor}`
  throw new BackupError(
    'SOURCE_TOOL_MISSING',
    newest === undefined
      ? `the programs ${list} of PostgreSQL ${serverMajor} or later are not installed`
      : `the server is PostgreSQL ${serverMajor}, and the newest ${list} found here is of PostgreSQL ${newest.major}`,
    { hint: `Install the package "${name}", or set POSTGRES_BIN to the directory of its programs.` }
  )
}

/** The path of a program. */
export function programPath ({ directory }: Installation, program: Program): string {
  return join(directory, program)
}

/** The pattern itself, or its matches where `*` is a name or a part of one. */
async function expanded (pattern: string): Promise<readonly string[]> {
  const parts = pattern.split('/')
  const at = parts.findIndex(part => part.includes('*'))
  if (at === -1) return [pattern]
  const [before = '', after = ''] = (parts[at] ?? '').split('*')
  const folder = parts.slice(0, at).join('/')
  const names = await readdir(folder).catch(() => [])
  return names.filter(name => name.startsWith(before) && name.endsWith(after)).map(name =>
    [folder, name, ...parts.slice(at + 1)].join('/')
  )
}

async function installationAt (directory: string): Promise<Installation | undefined> {
  const version = await versionOf(join(directory, 'pg_dump'))
  if (version === undefined) return undefined
  const there = await Promise.all(PROGRAMS.map(async program => {
    const isThere = await access(join(directory, program), constants.X_OK).then(() => true, () => false)
    return isThere ? [program] : []
  }))
  return { directory, major: Number.parseInt(version, 10), version, programs: new Set(there.flat()) }
}

/** `15.18` from `pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`, `19beta1`; undefined: it is none, or fails. */
async function versionOf (path: string): Promise<string | undefined> {
  return await new Promise(resolve => {
    execFile(path, ['--version'], { env: { LC_ALL: 'C' }, timeout: TIMEOUT }, (_error, stdout) => {
      resolve(/\(PostgreSQL\) (\d+(?:\.\d+|[a-z]+\d*))/.exec(stdout)?.[1])
    })
  })
}

/** Negative: `one` is older. */
export function compareVersions (one: string, other: string): number {
  const [majors, minors] = [one, other].map(text => text.split('.').map(part => Number.parseInt(part, 10))).reduce<
    [number[], number[]]
  >(([a, b], [major = 0, minor = -1]) => [[...a, major], [...b, minor]], [[], []])
  return (majors[0] ?? 0) - (majors[1] ?? 0) || (minors[0] ?? 0) - (minors[1] ?? 0)
}
