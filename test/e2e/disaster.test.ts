import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { PutBucketPolicyCommand } from '@aws-sdk/client-s3'
import Database from 'better-sqlite3'
import { withSignature, type Manifest } from '../../src/core/backup/manifest.ts'
import { holdfast, startHoldfast } from '../support/processes/holdfast.ts'
import { ageKey } from '../support/pipeline/keys.ts'
import { makeMoney, readMoney, startWriter, TOTAL } from '../support/databases/money.ts'
import { needTool } from '../support/skip-without.ts'
import { needRadosgw, radosgwMissing } from '../support/stores/radosgw.ts'
import { s3Place } from '../support/stores/s3.ts'
import { startService } from '../support/processes/service.ts'
import { until } from '../support/streams.ts'
import { tempDir } from '../support/temp-dir.ts'
import { tokenFor } from '../support/http/token.ts'
import { wholeFile } from '../support/whole-file.ts'

const key = await ageKey()

interface Place {
  /** What the service is told, that copies to it. */
  readonly environment: Readonly<Record<string, string>>
  readonly yaml: string
  /** What somebody knows who has nothing else. */
  readonly url: string
  readonly credentials: Readonly<Record<string, string>>
  /** Makes everything there readable for everybody, and says what stands before each name. */
  readonly open: () => Promise<string>
}

async function bucket (): Promise<Place> {
  const { server: { endpoint, accessKeyId, secretAccessKey }, bucket, client } = await s3Place()
  const credentials = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey }
  return {
    environment: { ...credentials, BACKUP_S3_BUCKET: bucket, BACKUP_S3_PREFIX: 'app/', BACKUP_S3_ENDPOINT: endpoint },
    yaml: '',
    url: `s3://${bucket}/app/?${new URLSearchParams({ endpoint }).toString()}`,
    credentials,
    async open () {
      const statement = {
        Effect: 'Allow',
        Principal: '*',
        Action: ['s3:GetObject'],
        Resource: [`arn:aws:s3:::${bucket}/*`]
      }
      await client.send(
        new PutBucketPolicyCommand({
          Bucket: bucket,
          Policy: JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
        })
      )
      return `${endpoint}/${bucket}/app/`
    }
  }
}

function directory (path: string): Place {
  return {
    environment: {},
    yaml: `stores:\n  - name: far\n    kind: local\n    path: ${path}\n`,
    url: path,
    credentials: {},
    open: async () => `file://${path}/`
  }
}

interface Gone {
  /** Where the server was. */
  readonly home: string
  /** Of the last backup. */
  readonly manifest: Manifest
}

/**
 * A service with a writer beside it has made three backups, sealed to a key that it does not have, and copied them.
 * Then everything of it is gone.
 */
async function gone (place: Place): Promise<Gone> {
  const home = join(tempDir(wholeFile), 'server')
  mkdirSync(home)
  makeMoney(join(home, 'app.db'), { entries: 5000 })
  writeFileSync(join(home, 'holdfast.yaml'), place.yaml === '' ? '{}\n' : place.yaml)
  const environment = {
    ...place.environment,
    DATABASE_PATH: 'app.db',
    BACKUP_COMPRESSION: 'zstd',
    BACKUP_ENCRYPTION: 'age',
    BACKUP_AGE_RECIPIENTS: key.recipient
  }
  const service = await startService(wholeFile, home, environment, tokenFor('admin'))
  const writer = await startWriter(wholeFile, join(home, 'app.db'))
  let last = ''
  for (let n = 0; n < 3; n++) {
    const { status, body } = await service.call('POST', '/api/backups', { upload: true })
    assert.equal(status, 201, JSON.stringify(body))
    last = String(body.backup.filePath)
  }
  const manifest = JSON.parse(readFileSync(`${last}.manifest.json`, 'utf8')) as Manifest
  await writer.stop()
  await service.kill('SIGKILL')
  rmSync(home, { recursive: true })
  return { home, manifest }
}

type Kind = 'a directory' | 'a bucket'

/** Each is made once: nothing below changes what is in the bucket, and each test has a directory that is a copy. */
const made = {
  'a directory': await madeAt(directory(join(tempDir(wholeFile), 'far'))),
  'a bucket': radosgwMissing() === false ? await madeAt(await bucket()) : undefined
}

async function madeAt (place: Place): Promise<readonly [Place, Gone]> {
  return [place, await gone(place)]
}

function goneFrom (t: TestContext, kind: 'a directory'): readonly [Place, Gone]
function goneFrom (t: TestContext, kind: Kind): readonly [Place, Gone] | undefined
function goneFrom (t: TestContext, kind: Kind): readonly [Place, Gone] | undefined {
  if (kind === 'a bucket') return needRadosgw(t) ? made[kind] : undefined
  const [{ url }, left] = made[kind]
  const copy = directory(join(tempDir(t), 'far'))
  cpSync(url, copy.url, { recursive: true })
  return [copy, left]
}

const rowsOf = (
  { facts: { tables } }: Pick<Manifest, 'facts'>,
  path: string
): ReadonlyArray<readonly [string, number | null, unknown]> => {
  const database = new Database(path, { readonly: true })
  try {
    return tables.map(
      ({ name, rows }) => [name, rows, database.prepare(`SELECT count(*) FROM "${name}"`).pluck().get()]
    )
  } finally {
    database.close()
  }
}

for (const kind of ['a directory', 'a bucket'] as const) {
  test(
    `the machine is gone: two commands bring the database back from ${kind} and the key alone`,
    { timeout: 120_000 },
    async t => {
      const found = goneFrom(t, kind)
      if (found === undefined) return
      const [place, { home, manifest }] = found
      mkdirSync(home, { recursive: true })
      const desk = tempDir(t)
      writeFileSync(join(desk, 'key.txt'), key.identity, { mode: 0o600 })
      const environment = { ...place.credentials, BACKUP_AGE_IDENTITY_FILE: 'key.txt' }
      const rebuilt = await holdfast(['rebuild', '--from', place.url], desk, environment)
      assert.equal(rebuilt.code, 0, rebuilt.err)
      assert.match(rebuilt.out, /^(?:s3|directory|local) +app +3 /m)
      const restored = await holdfast(
        ['restore', '--latest', '--source', 'app', '--output', join(home, 'app.db')],
        desk,
        environment
      )
      assert.equal(restored.code, 0, restored.err)
      const path = join(home, 'app.db')
      assert.ok(
        rowsOf(manifest, path).every(([, expected, found]) => expected === found),
        JSON.stringify(rowsOf(manifest, path))
      )
      assert.deepEqual(readMoney(path), { sum: TOTAL, integrity: 'ok' })
      assert.deepEqual(
        readdirSync(join(desk, 'backups')).filter(name => name !== 'RESTORE.txt' && name !== 'holdfast-instance.json'),
        []
      )
    }
  )

  test(
    `without us: what ${kind} gives anybody, age, zstd and sqlite3 give the very image`,
    { timeout: 120_000 },
    async t => {
      for (const tool of ['age', 'zstd', 'sqlite3']) if (!needTool(t, tool)) return
      const found = goneFrom(t, kind)
      if (found === undefined) return
      const [place, { manifest }] = found
      const desk = tempDir(t)
      const before = await place.open()
      const fetched = async (name: string): Promise<Buffer> => {
        if (before.startsWith('file://')) return readFileSync(new URL(before + name))
        const answer = await fetch(before + name)
        assert.equal(answer.status, 200)
        return Buffer.from(await answer.arrayBuffer())
      }
      assert.match(
        (await fetched('RESTORE.txt')).toString('utf8'),
        /age -d -i key\.txt \$B\.zst\.age \| zstd -d > \$B/
      )
      const there = JSON.parse((await fetched(`${manifest.object.name}.manifest.json`)).toString('utf8')) as Manifest
      assert.deepEqual(there, manifest)
      writeFileSync(join(desk, 'key.txt'), key.identity)
      writeFileSync(join(desk, 'backup.db.zst.age'), await fetched(manifest.object.name))
      execFileSync('sh', ['-c', 'age -d -i key.txt backup.db.zst.age | zstd -d > backup.db'], {
        cwd: desk,
        stdio: 'pipe'
      })
      assert.equal(
        createHash('sha256').update(readFileSync(join(desk, 'backup.db'))).digest('hex'),
        manifest.image.sha256
      )
      const answer = execFileSync(
        'sqlite3',
        ['backup.db', 'PRAGMA integrity_check; SELECT sum(balance) FROM account'],
        { cwd: desk, encoding: 'utf8' }
      )
      assert.deepEqual(answer.trim().split('\n'), ['ok', String(TOTAL)])
    }
  )
}

test('a rebuild that is killed is completed by the next', { timeout: 120_000 }, async t => {
  const [place, { manifest }] = goneFrom(t, 'a directory')
  const object = readFileSync(join(place.url, manifest.object.name)).subarray(0, 100)
  for (let n = 0; n < 1000; n++) {
    const name = `app-backup-2020-01-01T00-00-00-${n + 2}.db.zst.age`
    writeFileSync(join(place.url, name), object)
    writeFileSync(
      join(place.url, `${name}.manifest.json`),
      JSON.stringify({
        ...withSignature(manifest, undefined),
        id: n + 100,
        object: { ...manifest.object, name, size: object.length }
      })
    )
  }
  const desk = tempDir(t)
  const first = startHoldfast(t, ['rebuild', '--from', place.url], desk)
  const known = (): number => {
    try {
      const catalog = new Database(join(desk, 'data/holdfast.db'), { readonly: true, fileMustExist: true })
      try {
        return catalog.prepare<[], number>('SELECT count(*) FROM backup_log').pluck().get() ?? 0
      } finally {
        catalog.close()
      }
    } catch {
      // There is no catalog yet, or no table in it.
      return 0
    }
  }
  let isOver = false
  void first.ended.then(() => {
    isOver = true
  })
  await until(() => isOver || known() > 0)
  first.child.kill('SIGKILL')
  await first.ended
  const cut = known()
  assert.ok(cut > 0)
  const second = await holdfast(['rebuild', '--json'], desk)
  assert.equal(second.code, 0, second.err)
  assert.deepEqual([JSON.parse(second.out).adopted, known()], [1003, 1003])
})

test('a new server with the configuration of the old one lists by itself what the store holds, as foreign', {
  timeout: 120_000
}, async t => {
  const [place] = goneFrom(t, 'a directory')
  const home = tempDir(t)
  writeFileSync(join(home, 'holdfast.yaml'), place.yaml)
  const service = await startService(t, home, { AUTO_BACKUP_ENABLED: 'false' }, tokenFor('admin'))
  await until(() => service.log().includes('A STORE CONTAINS BACKUPS OF ANOTHER INSTALLATION'))
  const { body } = await service.call('GET', '/api/backups?source=app')
  assert.deepEqual(
    body.backups.map(
      ({ id, copies }: { id: number, copies: Array<{ store: string }> }) => [id, copies.map(({ store }) => store)]
    ),
    [3, 2, 1].map(id => [id, ['far']])
  )
})
