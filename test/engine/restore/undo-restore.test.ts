import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import type { Restore } from '../../../src/core/restore/restore.ts'
import { housekeep } from '../../../src/engine/recovery/housekeep.ts'
import { directorySource } from '../../../src/sources/directory/source.ts'
import { testEngine } from '../../support/engine/engine.ts'
import { withRestorers } from '../../support/engine/restorers.ts'
import { discardPrevious, undoRestore } from '../../../src/engine/restore/undo-restore.ts'
import { TASK } from '../../support/engine/task.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { tempDir } from '../../support/temp-dir.ts'

/** A directory with one backup, in the state `old`, and whose file has another content since. */
async function bench (t: TestContext) {
  const home = tempDir(t)
  const tree = join(home, 'tree')
  const file = join(tree, 'state')
  mkdirSync(tree)
  writeFileSync(file, 'old')
  const source = directorySource({
    name: 'tree',
    path: tree,
    exclude: '',
    oneFileSystem: false,
    xattrs: false,
    onUnreadable: 'fail',
    onChange: 'report',
    scratchDir: tempDir(t)
  })
  const made = await testEngine(t, { sources: [source] })
  const { id } = await made.create({ source: 'tree' })
  const write = (text: string): void => {
    writeFileSync(file, text)
  }
  write('new')
  return {
    ...made,
    id,
    home,
    tree,
    write,
    state: () => readFileSync(file, 'utf8'),
    restore: async (): Promise<Restore> => await (await made.engine.restore(id, {})).result
  }
}

test('an undo puts the previous content back once, and is recorded; a newer restore has to be undone first', async t => {
  const { engine, home, restore, state, write } = await bench(t)
  const first = await restore()
  assert.match(first.warnings.join(), /"holdfast restores undo 1" puts it back/)
  write('newer')
  const second = await restore()
  const { hint } = await rejectsWith('RESTORE_NOT_UNDOABLE', engine.undoRestore(first.id))
  assert.equal(hint, 'Undo restore 2 first.')
  for (const [{ id }, content] of [[second, 'newer'], [first, 'new']] as const) {
    const undone = await (await engine.undoRestore(id)).result
    assert.deepEqual([state(), undone.status, undone.aside], [content, 'completed', null])
    assert.deepEqual((await engine.restoreById(id)).undoneAt, undone.undoneAt)
    assert.notEqual(undone.undoneAt, null)
    assert.match((await rejectsWith('RESTORE_NOT_UNDOABLE', engine.undoRestore(id))).message, /was undone at/)
  }
  assert.deepEqual(readdirSync(home), ['tree'])
})

test('what a restore kept can be removed, and then it cannot be undone', async t => {
  const { engine, home, restore, state } = await bench(t)
  const { id } = await restore()
  assert.equal(readdirSync(home).length, 2)
  const { discardedAt, aside } = await (await engine.discardPrevious(id)).result
  assert.deepEqual([readdirSync(home), state(), aside, discardedAt === null], [['tree'], 'old', null, false])
  assert.match((await rejectsWith('RESTORE_NOT_UNDOABLE', engine.undoRestore(id))).message, /was removed at/)
  await rejectsWith('RESTORE_NOT_UNDOABLE', engine.discardPrevious(id))
})

test('what cannot be undone is refused, and nothing is changed', async t => {
  const { create, deps, engine, id, home, restore, state } = await bench(t)
  await rejectsWith('RESTORE_NOT_FOUND', engine.undoRestore(7))
  const copy = await (await engine.restore(id, { target: join(home, 'copy') })).result
  const drill = await (await engine.drill({ id, actor: 'ann' })).result
  assert.match((await rejectsWith('RESTORE_NOT_UNDOABLE', engine.undoRestore(copy.id))).message, /replaced no content/)
  assert.match((await rejectsWith('RESTORE_NOT_UNDOABLE', engine.undoRestore(drill.id))).message, /is a drill/)

  const kept = await restore()
  const sources = deps.sources as Map<string, NonNullable<ReturnType<typeof deps.sources.get>>>
  const configured = sources.get('tree')!
  sources.set('tree', { ...configured, source: { ...configured.source, location: join(home, 'moved') } })
  assert.match((await rejectsWith('RESTORE_NOT_UNDOABLE', engine.undoRestore(kept.id))).message, /is now at/)
  sources.delete('tree')
  await rejectsWith('SOURCE_NOT_FOUND', engine.undoRestore(kept.id))
  sources.set('tree', configured)
  renameSync(kept.aside!, join(home, 'taken'))
  assert.match(
    (await rejectsWith('RESTORE_NOT_UNDOABLE', (await engine.undoRestore(kept.id)).result)).message,
    /no longer exists/
  )
  assert.equal(state(), 'old')
  rmSync(join(home, 'taken'), { recursive: true })
  assert.equal((await create({ source: 'tree' })).status, 'completed')
})

test('an undo that fails leaves the restored content and can be repeated; one that was interrupted is decided later', async t => {
  const { deps, engine, restore, state } = await bench(t)
  const { id } = await restore()
  const open = new BackupError('RESTORE_TARGET_OPEN', 'it is in use')
  const refusing = withRestorers(deps, () => ({ revert: async () => await Promise.reject(open) }))
  await rejectsWith('RESTORE_TARGET_OPEN', undoRestore(refusing, id, TASK))
  assert.deepEqual([state(), (await engine.restoreById(id)).undoStartedAt], ['old', null])

  await deps.catalog.restores.beginUndo(id, deps.clock.now())
  await housekeep(deps)
  const before = await engine.restoreById(id)
  assert.deepEqual([state(), before.undoStartedAt, before.undoneAt], ['old', null, null], 'it is not repeated')

  // The service ends after the rename.
  const { aside, target } = await deps.catalog.restores.beginUndo(id, deps.clock.now())
  await deps.kinds.get('directory')!.restorer!.revert(target, aside!, true)
  assert.equal(state(), 'new')
  await housekeep(deps)
  const after = await engine.restoreById(id)
  assert.deepEqual([state(), after.aside, after.undoneAt === null], ['new', null, false])
  await rejectsWith('RESTORE_NOT_UNDOABLE', discardPrevious(deps, id, TASK))
})
