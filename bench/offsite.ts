import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { s3Place, type S3Place } from '../test/support/stores/s3.ts'
import { until } from '../test/support/processes/service.ts'
import { BENCH_DIRECTORY, database } from './databases.ts'
import { withService } from './service.ts'
import { median, megabytes as inMegabytes, printTable, ratios, seconds } from './table.ts'
import { usageOf, usageOfCommand, type Usage } from './usage.ts'

const ROUNDS = 3

interface Result extends Usage {
  /** Bytes that it put into the bucket. */
  readonly bytes: number
}

/**
 * From a live database to an encrypted copy in a bucket: backup, zstd, age, upload; against restic, which does the last
 * three. It reads the file as it lies there, which is no consistent copy of a database in use: with one made first it
 * is fair.
 */
export async function benchOffsite (megabytes: number): Promise<void> {
  const path = database(megabytes)
  const kinds = new Map<string, Result[]>()
  const add = (kind: string, result: Result): void => {
    kinds.set(kind, [...kinds.get(kind) ?? [], result])
  }
  for (let round = 0; round < ROUNDS; round++) {
    add('Holdfast', await ours(path, false))
    add('Holdfast, proven', await ours(path, true))
    add('restic, of the file', await theirs(path, 'restic backup --quiet "$DB"'))
    add(
      'restic, of a consistent copy',
      await theirs(path, 'sqlite3 "$DB" ".backup copy.db" && restic backup --quiet copy.db')
    )
  }
  const restic = kinds.get('restic, of a consistent copy') ?? []
  printTable(
    `Backup of ${megabytes} MB to a bucket on this machine, compressed and encrypted, median of ${ROUNDS}`,
    ['', 'time', 'to restic', 'processor', 'stored', 'memory'],
    [...kinds].map(([kind, results]) => {
      const of = (value: (result: Result) => number): number => median(results.map(value))
      return [
        kind,
        seconds(of(({ took }) => took)),
        ratios(results.map(({ took }, round) => [took, restic[round]?.took ?? Number.NaN])),
        seconds(of(({ cpu }) => cpu)),
        inMegabytes(of(({ bytes }) => bytes)),
        inMegabytes(of(({ peak }) => peak))
      ]
    })
  )
  console.log(
    'Holdfast: POST /api/backups until the copy is stored and was looked at there; restic: its own repository in the same bucket, made anew for each round. Processor time of the server is not counted.'
  )
}

/** How the service, and restic, find the bucket. */
export function environmentOf ({ server: { endpoint, accessKeyId, secretAccessKey }, bucket }: S3Place, folder = '') {
  return {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_DEFAULT_REGION: 'us-east-1',
    BACKUP_S3_BUCKET: bucket,
    BACKUP_S3_ENDPOINT: endpoint,
    BACKUP_S3_PATH_STYLE: 'true',
    BACKUP_S3_PROFILE: 'compatible',
    RESTIC_REPOSITORY: `s3:${endpoint}/${bucket}/${folder}`
  }
}

export function newKey (): { readonly recipient: string, readonly identity: string } {
  const identity = execFileSync('age-keygen', { stdio: ['ignore', 'pipe', 'ignore'] }).toString()
  return { identity, recipient: execFileSync('age-keygen', ['-y'], { input: identity }).toString().trim() }
}

async function ours (path: string, verify: boolean): Promise<Result> {
  const environment = {
    ...environmentOf(await s3Place()),
    BACKUP_COMPRESSION: 'zstd',
    BACKUP_ENCRYPTION: 'age',
    BACKUP_AGE_RECIPIENTS: newKey().recipient
  }
  return await withService(path, async service => {
    // What the service does by itself when it starts is not what is measured.
    await until(() => service.call('GET', '/api/jobs?status=running'), ({ body }) => body.jobs.length === 0)
    let bytes = 0
    const usage = await usageOf(service.child.pid ?? 0, async () => {
      const { status, body } = await service.call('POST', '/api/backups', { verify, upload: true })
      if (status !== 201) throw new Error(JSON.stringify(body))
      bytes = body.backup.fileSize as number
    })
    return { ...usage, bytes }
  }, environment)
}

async function theirs (path: string, command: string): Promise<Result> {
  const directory = mkdtempSync(join(BENCH_DIRECTORY, 'restic-'))
  const environment = {
    ...environmentOf(await s3Place()),
    DB: path,
    RESTIC_PASSWORD: 'a password for the bench alone',
    RESTIC_CACHE_DIR: join(directory, 'cache')
  }
  try {
    await usageOfCommand('restic init --quiet', environment, directory)
    const usage = await usageOfCommand(command, environment, directory)
    const { output } = await usageOfCommand('restic stats --mode raw-data --json', environment, directory)
    return { ...usage, bytes: (JSON.parse(output) as { total_size: number }).total_size }
  } finally {
    rmSync(directory, { recursive: true })
  }
}
