import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
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
import { needTool } from '../skip-without.ts'

/** A real S3 server: Ceph's gateway over a monitor and an object store in memory, all on this machine. */
export interface Radosgw {
  readonly endpoint: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Its second storage class; the first is STANDARD. */
  readonly storageClass: string
}

const run = promisify(execFile)
const ACCESS_KEY = 'AKIDHOLDFAST'
const SECRET_KEY = 'a-secret-of-the-tests'
const STORAGE_CLASS = 'COLD'
/** Where the socket of a server has to have a short name. */
const TEMPORARY = existsSync('/dev/shm') ? '/dev/shm' : realpathSync(tmpdir())

const children: ChildProcess[] = []
const directories: string[] = []
let started: Promise<Radosgw> | undefined

after(async () => {
  await started?.catch(() => {})
  await Promise.all(
    children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null).map(async child => {
      const gone = once(child, 'exit')
      child.ref()
      child.kill('SIGKILL')
      await gone
    })
  )
  for (const directory of directories) rmSync(directory, { recursive: true, force: true })
})

/**
 * Whether there can be such a server here. Where there cannot, the test is skipped and says why; under CI that is a
 * failure.
 */
export function needRadosgw (t: Pick<TestContext, 'skip'>): boolean {
  return ['radosgw', 'ceph-mon', 'ceph-osd', 'setpriv'].every(tool => needTool(t, tool))
}

/** The same for the `skip` of a whole group of tests: why, or false. */
export function radosgwMissing (): string | false {
  let missing: string | false = false
  needRadosgw({
    skip: (reason = 'it cannot be had here') => {
      missing = reason
    }
  })
  return missing
}

/**
 * The server of this test file: started for the first who asks, and stopped after the last test. It dies with this
 * process, however that ends.
 */
export async function radosgw (): Promise<Radosgw> {
  started ??= start()
  return await started
}

async function start (): Promise<Radosgw> {
  const directory = mkdtempSync(join(TEMPORARY, 'holdfast-rgw-'))
  directories.push(directory)
  const [first = 0, second = 0, port = 0] = await freePorts(3)
  const monitor = `[v2:127.0.0.1:${first},v1:127.0.0.1:${second}]`
  const id = randomUUID()
  const disk = randomUUID()
  const configuration = join(directory, 'ceph.conf')
  const keyring = join(directory, 'keyring')
  const map = join(directory, 'map')
  for (const name of ['mon', 'osd']) mkdirSync(join(directory, name))
  writeFileSync(configuration, configurationOf(directory, id, monitor))
  const tool = async (name: string, ...parameters: string[]): Promise<unknown> =>
    await run(name, parameters, { env: { PATH: process.env.PATH, CEPH_CONF: configuration }, timeout: 60_000 })

  for (const [n, [name, ...caps]] of IDENTITIES.entries()) {
    await tool(
      'ceph-authtool',
      ...n === 0 ? ['--create-keyring'] : [],
      keyring,
      '--gen-key',
      '-n',
      name,
      ...caps.flatMap(cap => ['--cap', ...cap])
    )
  }
  await tool('monmaptool', '--create', '--addv', 'a', monitor, '--fsid', id, map)
  await tool('ceph-mon', '--mkfs', '-i', 'a', '--monmap', map, '--keyring', keyring)
  serve(directory, configuration, 'ceph-mon', '-i', 'a')
  await tool('ceph', 'osd', 'new', disk)
  await tool('ceph-osd', '-i', '0', '--mkfs', '--osd-uuid', disk)
  serve(directory, configuration, 'ceph-osd', '-i', '0')
  await tool(
    'radosgw-admin',
    'user',
    'create',
    '--uid',
    'holdfast',
    '--display-name',
    'holdfast',
    '--access-key',
    ACCESS_KEY,
    '--secret-key',
    SECRET_KEY
  )
  await tool(
    'radosgw-admin',
    'zonegroup',
    'placement',
    'add',
    '--rgw-zonegroup',
    'default',
    '--placement-id',
    'default-placement',
    '--storage-class',
    STORAGE_CLASS
  )
  await tool(
    'radosgw-admin',
    'zone',
    'placement',
    'add',
    '--rgw-zone',
    'default',
    '--placement-id',
    'default-placement',
    '--storage-class',
    STORAGE_CLASS,
    '--data-pool',
    'default.rgw.cold.data'
  )
  const endpoint = `http://127.0.0.1:${port}`
  await answering(
    endpoint,
    serve(
      directory,
      configuration,
      'radosgw',
      '-n',
      'client.rgw.a',
      '--rgw-frontends',
      `beast endpoint=127.0.0.1:${port} tcp_nodelay=1`
    ),
    directory
  )
  return { endpoint, accessKeyId: ACCESS_KEY, secretAccessKey: SECRET_KEY, storageClass: STORAGE_CLASS }
}

const IDENTITIES: ReadonlyArray<readonly [string, ...Array<readonly [string, string]>]> = [
  ['mon.', ['mon', 'allow *']],
  ['client.admin', ['mon', 'allow *'], ['osd', 'allow *']],
  ['osd.0', ['mon', 'allow profile osd'], ['osd', 'allow *']],
  ['client.rgw.a', ['mon', 'allow rwx'], ['osd', 'allow rwx']]
]

/** The intervals of paxos are what its start waits for: each of the pools is a vote. */
function configurationOf (directory: string, id: string, monitor: string): string {
  return `[global]
fsid = ${id}
mon host = ${monitor}
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
keyring = ${directory}/keyring
run dir = ${directory}
admin socket = ${directory}/$name.asok
log file = ${directory}/$name.log
crash dir = ${directory}
mon data = ${directory}/mon
osd data = ${directory}/osd
osd objectstore = memstore
memstore device bytes = 4294967296
osd pool default size = 1
osd pool default min size = 1
osd crush chooseleaf type = 0
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
mon allow pool size one = true
mon data avail crit = 0
paxos propose interval = 0.05
paxos min wait = 0.01
public addr = 127.0.0.1
cluster addr = 127.0.0.1
rgw crypt require ssl = false
rgw gc obj min wait = 5
rgw gc processor period = 5
`
}

/** In the foreground, with the kernel's promise that it is killed when this process is gone. */
function serve (directory: string, configuration: string, name: string, ...parameters: string[]): ChildProcess {
  const log = openSync(join(directory, `${name}.out`), 'a')
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', name, ...parameters, '-f'], {
    stdio: ['ignore', log, log],
    env: { PATH: process.env.PATH, CEPH_CONF: configuration }
  })
  child.unref()
  children.push(child)
  return child
}

async function answering (endpoint: string, child: ChildProcess, directory: string): Promise<void> {
  const tooLate = AbortSignal.timeout(60_000)
  while (!await fetch(endpoint).then(({ ok }) => ok, () => false)) {
    if (tooLate.aborted || child.exitCode !== null) {
      throw new Error(`the gateway does not answer: ${readFileSync(join(directory, 'radosgw.out'), 'utf8')}`)
    }
  }
}

async function freePorts (count: number): Promise<readonly number[]> {
  const servers = await Promise.all(Array.from({ length: count }, async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    return server
  }))
  const ports = servers.map(server => (server.address() as AddressInfo).port)
  await Promise.all(servers.map(async server => {
    server.close()
    await once(server, 'close')
  }))
  return ports
}
