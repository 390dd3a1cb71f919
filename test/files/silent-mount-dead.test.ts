import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { statIfThere } from '../../src/files/access.ts'
import { checkConfig } from '../../src/config/load.ts'
import { requireTarget } from '../../src/engine/restore/target.ts'
import { realPathSync } from '../../src/files/real-path.ts'
import { silentMount, silentMountSync } from '../../src/files/silent-mount.ts'
import { LocalDisk } from '../../src/stores/local/disk.ts'
import { localStore } from '../../src/stores/local/local.ts'
import { ALONE } from '../support/catalog/catalog.ts'
import { mountDead, noDeadMounts } from '../support/files/dead-mount.ts'
import { rejectsWith } from '../support/rejects.ts'
import { never } from '../support/streams.ts'
import { tempDir } from '../support/temp-dir.ts'

/** A mount that was found to be dead is not asked again for a while: what comes afterwards knows it. */
const QUICK = { patience: 1000 }

test('a store on a dead mount is refused', { skip: noDeadMounts }, async t => {
  const directory = mountDead(t)
  const store = localStore({
    directory,
    instanceId: 'test',
    presence: ALONE,
    now: () => new Date(0),
    disk: new LocalDisk(directory, 20)
  })
  await Promise.all(Array.from({ length: 20 }, () => rejectsWith('STORE_UNAVAILABLE', store.stat('a.db', never))))
  await rejectsWith('STORE_UNAVAILABLE', store.open(never))
})

test('a path on a dead mount is left as it is, and refused by name of the mount', { skip: noDeadMounts }, async t => {
  const mount = mountDead(t)
  const path = join(mount, 'a/b.db')
  assert.equal(await silentMount(path, QUICK), mount)
  assert.equal(realPathSync(path), path)
  const error = await rejectsWith(
    'RESTORE_TARGET_INVALID',
    requireTarget({ ownerOf: async () => undefined, kinds: new Map() }, path, undefined)
  )
  assert.equal(error.message, `"${path}" is on the mount "${mount}", which does not respond`)
  await rejectsWith('STORE_UNAVAILABLE', statIfThere(path))
})

test(
  'a service with its stores on a dead mount can start, and one that works there is refused',
  { skip: noDeadMounts },
  t => {
    const mount = mountDead(t)
    const home = tempDir(t)
    assert.equal(silentMountSync(mount, QUICK), mount)
    const places = {
      DATABASE_PATH: join(home, 'a.db'),
      DATA_DIR: join(home, 'data'),
      BACKUP_DIR: join(mount, 'backups')
    }
    assert.equal(checkConfig(places, home).ok, true)
    for (const name of ['DATA_DIR', 'SCRATCH_DIR']) {
      const checked = checkConfig({ ...places, [name]: join(mount, 'work') }, home)
      assert.deepEqual(checked.ok ? [] : checked.problems.map(problem => [problem.name, problem.problem]), [[
        name,
        `"${join(mount, 'work')}" is on the mount "${mount}", which does not respond`
      ]])
    }
  }
)
