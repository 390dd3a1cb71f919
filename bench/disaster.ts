import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { s3Place } from '../test/support/stores/s3.ts'
import { BENCH_DIRECTORY, database } from './databases.ts'
import { environmentOf, newKey } from './offsite.ts'
import { withService } from './service.ts'
import { median, megabytes as inMegabytes, printTable, seconds } from './table.ts'
import { usageOfCommand, type Usage } from './usage.ts'

const ROUNDS = 3
const MAIN = join(import.meta.dirname, '../bin/holdfast.cjs')

/** The machine is gone: from an empty directory, with the bucket and the key, to the database that can be opened. */
export async function benchDisaster (megabytes: number): Promise<void> {
  const path = database(megabytes)
  const place = await s3Place()
  const { recipient, identity } = newKey()
  const environment = environmentOf(place)
  let object = ''
  await withService(path, async service => {
    const { status, body } = await service.call('POST', '/api/backups', { compression: 'zstd', upload: true })
    if (status !== 201) throw new Error(JSON.stringify(body))
    object = body.backup.fileName as string
  }, { ...environment, BACKUP_ENCRYPTION: 'age', BACKUP_AGE_RECIPIENTS: recipient })
  execFileSync('bash', ['-c', 'restic init --quiet && restic backup --quiet "$DB"'], {
    env: {
      ...process.env,
      ...environmentOf(place, 'restic'),
      DB: path,
      RESTIC_PASSWORD: 'a password for the bench alone'
    },
    stdio: 'ignore'
  })

  const holdfast = `${process.execPath} ${MAIN}`
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, BACKUP_S3_ENDPOINT, BACKUP_S3_BUCKET } = environment
  const signed =
    `curl -sf -H "x-amz-content-sha256: UNSIGNED-PAYLOAD" --aws-sigv4 aws:amz:us-east-1:s3 --user ${AWS_ACCESS_KEY_ID}:${AWS_SECRET_ACCESS_KEY}`
  const ways: ReadonlyArray<readonly [string, string]> = [
    ['rebuild --from', `${holdfast} rebuild --from "s3://${BACKUP_S3_BUCKET}?endpoint=${BACKUP_S3_ENDPOINT}"`],
    ['restore --latest, proven', `${holdfast} restore --latest --source money-${megabytes} --output back.db`],
    [
      'curl | age -d | zstd -d, and integrity_check',
      `${signed} ${BACKUP_S3_ENDPOINT}/${BACKUP_S3_BUCKET}/${object} | age -d -i key.txt | zstd -d -q > back.db; sqlite3 back.db "PRAGMA integrity_check"`
    ],
    [
      'restic restore, and integrity_check',
      'restic restore --quiet latest --target .; sqlite3 $(find . -name "money*.db" | head -1) "PRAGMA integrity_check"'
    ]
  ]
  const results = new Map<string, Usage[]>()
  for (let round = 0; round < ROUNDS; round++) {
    const home = mkdtempSync(join(BENCH_DIRECTORY, 'empty-'))
    writeFileSync(join(home, 'key.txt'), identity, { mode: 0o600 })
    const own = {
      AWS_ACCESS_KEY_ID,
      AWS_SECRET_ACCESS_KEY,
      BACKUP_AGE_IDENTITY_FILE: 'key.txt',
      RESTIC_REPOSITORY: environmentOf(place, 'restic').RESTIC_REPOSITORY,
      RESTIC_PASSWORD: 'a password for the bench alone',
      RESTIC_CACHE_DIR: join(home, 'cache')
    }
    for (const [name, command] of ways) {
      results.set(name, [...results.get(name) ?? [], await usageOfCommand(command, own, home)])
      if (!name.startsWith('rebuild')) {
        execFileSync('bash', ['-c', 'find . -name "*.db" -not -path "./data/*" -delete'], { cwd: home })
      }
    }
    rmSync(home, { recursive: true })
  }
  printTable(
    `The machine is gone: ${megabytes} MB back from a bucket, median of ${ROUNDS}`,
    ['', 'time', 'processor', 'memory'],
    [...results].map(([name, usages]) => {
      return [
        name,
        seconds(median(usages.map(({ took }) => took))),
        seconds(median(usages.map(({ cpu }) => cpu))),
        inMegabytes(median(usages.map(({ peak }) => peak)))
      ]
    })
  )
  console.log(
    'restore --latest holds every byte against its digest and proves the database (integrity, foreign keys, definitions, row counts) before and after it is placed'
  )
}
