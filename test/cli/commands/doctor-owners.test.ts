import assert from 'node:assert/strict'
import { chownSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { examineOwners } from '../../../src/cli/doctor/owners.ts'
import type { DoctorContext } from '../../../src/cli/doctor/context.ts'
import { needRoot } from '../../support/skip-without.ts'
import { tempDir } from '../../support/temp-dir.ts'

const NOBODY = 65_534

/** DATA_DIR and BACKUP_DIR of nobody with these files, each with its owner and mode, and what is found there. */
async function findings (base: string, files: ReadonlyArray<readonly [string, number, number]>): Promise<string[]> {
  const [dataDir, backupDir] = [join(base, 'data'), join(base, 'backups')]
  for (const folder of ['data/processes', 'backups/trash', 'backups/lost+found', 'backups/of-others']) {
    mkdirSync(join(base, folder), { recursive: true })
  }
  for (const folder of ['data', 'data/processes', 'backups', 'backups/trash']) {
    chownSync(join(base, folder), NOBODY, NOBODY)
  }
  for (const [name, uid, mode] of files) {
    writeFileSync(join(base, name), '', { mode })
    chownSync(join(base, name), uid, uid)
  }
  const found = await examineOwners({ dataDir, backupDir } as DoctorContext, undefined)
  return found.map(({ status, message, remedy }) =>
    `${status}: ${message.replaceAll(base, '')} | ${remedy?.replaceAll(base, '')}`
  )
}

test('files of root that the user of the service cannot use are named, with the command that mends it', async t => {
  if (!needRoot(t)) return
  assert.deepEqual(
    await findings(tempDir(t), [
      ['data/holdfast.db', NOBODY, 0o600],
      ['data/processes/1-00000000.lock', 0, 0o600],
      ['backups/fine.db.gz', 0, 0o644],
      ['backups/trash/closed.db.gz', 0, 0o600],
      ['backups/of-others/closed', 0, 0o600],
      ...['a', 'b', 'c'].map(name => [`backups/${name}`, 0, 0o600] as const)
    ]),
    [
      'fail: user 65534, who owns DATA_DIR, has no access to "/data/processes/1-00000000.lock" | Run "chown -R 65534:65534 /data" as root on the machine of DATA_DIR, and run commands as that user.',
      'fail: user 65534, who owns DATA_DIR, has no access to "/backups/a", "/backups/b", "/backups/c" and 1 more | Run "chown -R 65534:65534 /backups" as root on the machine of BACKUP_DIR, and run commands as that user.'
    ]
  )
})

test('nothing is said where the service can use everything', async t => {
  if (!needRoot(t)) return
  assert.deepEqual(
    await findings(tempDir(t), [['data/holdfast.db', NOBODY, 0o600], ['backups/one.db.gz', NOBODY, 0o600]]),
    []
  )
})
