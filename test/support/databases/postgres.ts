import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync
} from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import pg from 'pg'

/** A real PostgreSQL server of this file alone, with a superuser `postgres` who needs no password. */
export interface PostgresServer {
  readonly major: number
  /** The directory of its programs. */
  readonly programs: string
  readonly port: number
  /** The directory of its socket. */
  readonly socket: string
  /** Of its postmaster. */
  readonly pid: number
  /** `postgresql://user@127.0.0.1:port/database`. */
  url(database: string, user?: string): string
  /** The rows of the last statement, as `pg` gives them. */
  query(database: string, sql: string): Promise<readonly any[]>
  /** Makes an empty database, and resolves with its URL. */
  create(database: string): Promise<string>
  /** Ends it at once, as a crash does. */
  kill(): Promise<void>
}

export interface ServerOptions {
  /** Default: 15. */
  readonly major?: number
  /** Settings of the server: `{ wal_level: 'logical' }`. */
  readonly settings?: Readonly<Record<string, string>>
  /** Lines of pg_hba.conf before the one that trusts everybody on this machine. */
  readonly hba?: readonly string[]
}

const run = promisify(execFile)
/** Where the socket of a server has to have a short name. */
const TEMPORARY = existsSync('/dev/shm') ? '/dev/shm' : realpathSync(tmpdir())
const children: ChildProcess[] = []
const directories: string[] = []

after(async () => {
  await Promise.all(children.map(killed))
  for (const directory of directories) rmSync(directory, { recursive: true, force: true })
})

/** The directory of the programs of a version: Debian's own, or those that `.ci/run` unpacks; undefined: not there. */
export function postgresPrograms (major: number): string | undefined {
  return [
    `/usr/lib/postgresql/${major}/bin`,
    `/opt/postgres-${major}/usr/lib/postgresql/${major}/bin`
  ].find(directory => existsSync(join(directory, 'postgres')))
}

/** Whether there is such a version. If not, the test is skipped with the reason; under CI this fails. */
export function needPostgres (t: Pick<TestContext, 'skip'>, major = 15): boolean {
  if (postgresPrograms(major) !== undefined) return true
  const reason = `PostgreSQL ${major} is not installed`
  if (process.env.CI === 'true') throw new Error(`${reason}, and CI must not skip`)
  t.skip(reason)
  return false
}

/** Starts a server on a port of its own, without the safety of a disk. It ends with the file of tests. */
export async function startPostgres ({ major = 15, settings = {}, hba = [] }: ServerOptions = {}): Promise<
  PostgresServer
> {
  const programs = postgresPrograms(major)
  if (programs === undefined) throw new Error(`PostgreSQL ${major} is not installed`)
  const directory = mkdtempSync(join(TEMPORARY, 'hf-pg-'))
  directories.push(directory)
  const identity = identityOfServer()
  if (identity !== undefined) chownSync(directory, identity.uid, identity.gid)
  chmodSync(directory, 0o755)
  const data = join(directory, 'data')
  const environment = { PATH: '/usr/bin:/bin', LC_ALL: 'C.UTF-8' }
  const options = { env: environment, ...identity }
  await run(join(programs, 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync', '-E', 'UTF8'], options)
  if (hba.length > 0) {
    const path = join(data, 'pg_hba.conf')
    writeFileSync(path, `${hba.join('\n')}\n${readFileSync(path, 'utf8')}`)
  }
  const port = await freePort()
  const given = {
    fsync: 'off',
    full_page_writes: 'off',
    listen_addresses: '127.0.0.1',
    unix_socket_directories: directory,
    port: String(port),
    shared_buffers: '16MB',
    max_connections: '40',
    ...settings
  }
  const child = spawn(
    join(programs, 'postgres'),
    ['-D', data, ...Object.entries(given).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    { ...options, stdio: ['ignore', 'ignore', 'pipe'] }
  )
  children.push(child)
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log = (log + text).slice(-8192)
    if (log.includes('database system is ready to accept connections')) child.emit('ready')
  })
  await Promise.race([
    once(child, 'ready'),
    once(child, 'exit').then(() => {
      throw new Error(`the PostgreSQL server of the tests ended:\n${log}`)
    })
  ])
  child.unref()
  const url = (database: string, user = 'postgres'): string => `postgresql://${user}@127.0.0.1:${port}/${database}`
  const query = async (database: string, sql: string): Promise<readonly any[]> => {
    const client = new pg.Client({ connectionString: url(database) })
    await client.connect()
    try {
      // Of several statements there are several results, which the types do not have.
      const results = [await client.query(sql) as unknown].flat() as pg.QueryResult[]
      return results.at(-1)?.rows ?? []
    } finally {
      await client.end()
    }
  }
  return {
    major,
    programs,
    port,
    socket: directory,
    pid: child.pid ?? 0,
    url,
    query,
    async create (database) {
      await query('postgres', `CREATE DATABASE "${database.replaceAll('"', '""')}"`)
      return url(encodeURIComponent(database))
    },
    kill: () => killed(child)
  }
}

/** initdb and the server refuse to run as root. */
function identityOfServer (): { readonly uid: number, readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const line = readFileSync('/etc/passwd', 'utf8').split('\n').find(one => /^(?:postgres|nobody):/.test(one))
  const [, , uid, gid] = line?.split(':') ?? []
  return { uid: Number(uid), gid: Number(gid) }
}

/** The processes of the server notice that their parent is gone. */
async function killed (child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.ref()
  child.kill('SIGQUIT')
  await gone
}

async function freePort (): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
