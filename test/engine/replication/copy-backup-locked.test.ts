import assert from 'node:assert/strict'
import { test } from 'node:test'
import { removeCopy } from '../../../src/engine/replication/retire-copies.ts'
import { s3Store } from '../../../src/stores/s3/s3.ts'
import { testEngine } from '../../support/engine/engine.ts'
import { needRadosgw } from '../../support/stores/radosgw.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { s3Place } from '../../support/stores/s3.ts'
import { never } from '../../support/streams.ts'

const DAY = 86_400_000

test('copies are locked for as long as the rules keep them, so that nobody with our credentials can remove them', async t => {
  if (!needRadosgw(t)) return
  const place = await s3Place({ hasLock: true })
  const store = s3Store(place.options({ name: 'vault', prefix: '', lock: 'governance' }))
  const vault = {
    store,
    retention: { daily: 30, minBackups: 1 },
    maxBackups: null,
    isAppendOnly: false,
    hasLock: true,
    bandwidth: null
  }
  const { engine, deps, create, clock } = await testEngine(t, { offsite: new Map([['vault', vault]]) })
  // The server goes by its own time.
  clock.move(Date.now() - clock.now().getTime())
  const backup = await create({ type: 'scheduled', schedule: 'daily', upload: true })
  assert.equal(backup.copies.find(copy => copy.store === 'vault')?.status, 'stored')
  await rejectsWith('OBJECT_LOCKED', store.remove(backup.key, never))

  await deps.catalog.copies.retire(backup.id, 'vault')
  const [task] = await deps.catalog.copies.work('vault')
  await rejectsWith('OBJECT_LOCKED', removeCopy(deps, task!, vault, never))
  const copy = (await engine.backup(backup.id)).copies.find(one => one.store === 'vault')
  assert.deepEqual([copy?.status, copy!.nextAttemptAt! > clock.now()], ['removing', true])
  assert.match(
    copy?.error ?? '',
    new RegExp(new Date(backup.startedAt.getTime() + 30 * DAY).toISOString().slice(0, 10))
  )
})
