import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import { INSTANCE_MARKER } from '../../../src/core/instance.ts'
import { openLanding } from '../../../src/engine/replication/known-store.ts'
import { testEngine } from '../../support/engine/engine.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { never } from '../../support/streams.ts'

test('a marker that is a link, a pipe or a folder is a trouble with which the service starts, and nothing is written', async t => {
  const bench = await testEngine(t, { instance: 'one' })
  const { id } = await bench.create()
  const marker = join(bench.directory, INSTANCE_MARKER)
  const plants = [() => {
    symlinkSync('/etc/passwd', marker)
  }, () => {
    execFileSync('mkfifo', [marker])
  }, () => {
    mkdirSync(marker)
  }]
  for (const plant of plants) {
    rmSync(marker, { recursive: true })
    plant()
    assert.equal((await openLanding(bench.deps, never))?.code, 'STORE_FOREIGN')
    await rejectsWith('STORE_FOREIGN', bench.create())
    assert.equal((await (await bench.engine.verify(id)).result).verification.valid, true)
  }
})

test('a landing store that cannot be made ready is a trouble where backups are known, and an error where there never were any', async t => {
  for (const code of ['STORE_UNAVAILABLE', 'STORE_FAILED', 'OBJECT_REFUSED', 'DISK_FULL'] as const) {
    const bench = await testEngine(t, { instance: 'one' })
    const odd = new BackupError(code, 'it is odd')
    bench.faults.fail('store.open', { error: odd })
    await rejectsWith(code, openLanding(bench.deps, never))
    await bench.create()
    bench.faults.fail('store.open', { error: odd })
    assert.equal(await openLanding(bench.deps, never), odd)
    assert.equal(await openLanding(bench.deps, never), undefined)
  }
})
