import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Backup } from '../../../src/core/backup/backup.ts'
import { setScene, type SetScene } from '../../support/engine/set-engine.ts'

const WRITER = new URL('../../support/databases/payload-writer.ts', import.meta.url).pathname
const SETS = `\
sets:
  elspeth:
    members: [payloads, audit]
    references: { sql: SELECT payload FROM call, directory: payloads }
`

/** Rows of the stored backup whose files GNU tar does not find in it. */
function missing ({ home, rows }: SetScene, backup: Backup): readonly string[] {
  const pathOf = (name: string): string => join(home, 'backups', name)
  const archive = backup.parts.find(({ name }) => name === 'payloads/main') ?? assert.fail('there is no archive')
  const { stdout, status } = spawnSync('tar', ['-tf', pathOf(archive.fileName)], { encoding: 'utf8' })
  assert.equal(status, 0)
  const files = new Set(stdout.split('\n').map(name => name.replace(/^\.\//, '')))
  return rows(pathOf(backup.key)).filter(name => !files.has(name))
}

test('while an application removes payloads, a set is whole or marked, and it is whole when it only adds', async t => {
  const scene = await setScene(t, SETS)
  const writer = spawn(process.execPath, [WRITER, scene.app], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exit = once(writer, 'exit')
  try {
    await once(writer.stdout, 'data')
    const backup = await scene.create({ compression: 'none' })
    assert.equal(backup.verification.status, 'valid')
    assert.equal(missing(scene, backup).length > 0, backup.suspicion !== null)
    if (backup.suspicion !== null) assert.match(backup.suspicion.reasons[0] ?? '', /rows of "audit" name files/)
    writer.kill('SIGUSR1')
    await once(writer.stdout, 'data')
    const added = await scene.create({ compression: 'none' })
    assert.ok(scene.rows(join(scene.home, 'backups', added.key)).length > 0)
    assert.deepEqual([added.suspicion, missing(scene, added)], [null, []])
  } finally {
    writer.kill('SIGKILL')
    await exit
  }
})
