import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, test } from 'node:test'
import Database from 'better-sqlite3'
import { BackupError } from '../../../../src/core/errors.ts'
import { makeEngine } from '../../../../src/engine/make-engine.ts'
import { withRestorers } from '../../../support/engine/restorers.ts'
import { all, NAMES, namesIn, restored, setStage, statesOf, type SetStage } from '../../../support/engine/set-stage.ts'
import { rejectsWith } from '../../../support/rejects.ts'

describe('a set', () => {
  test('is restored as a whole, and one restore undoes that', async t => {
    const stage = await setStage(t, { verify: true })
    const { app, id, engine, clock } = stage
    const done = await restored(stage, id, { actor: 'ann' })
    assert.deepEqual([statesOf(app), namesIn(app)], [all('before'), NAMES])
    assert.deepEqual([done.status, done.mode, done.source, done.warnings], ['completed', 'live', 'app', []])
    assert.deepEqual(
      done.members.map(({ name, mode, state, aside, safetyBackupId }) => [name, mode, state, aside, safetyBackupId]),
      [['payloads', 'replace'], ['config', 'replace'], ['audit', 'live'], ['jobs', 'live']].map(
        ([name, mode]) => [name, mode, 'placed', null, done.safetyBackupId]
      )
    )
    const safety = await engine.backup(done.safetyBackupId ?? 0)
    assert.deepEqual([safety.source, safety.type, safety.method, safety.parentId], [
      'app',
      'pre-migration',
      'incremental',
      id
    ])
    clock.move(1000)
    await restored(stage, safety.id)
    assert.deepEqual([statesOf(app), namesIn(app)], [all('after'), NAMES])
  })
})

describe('members of a set', () => {
  test('are restored alone, as a backup of that source, with its own safety backup', async t => {
    const stage = await setStage(t)
    const { app, home, id, engine, clock } = stage
    const one = await restored(stage, id, { members: ['audit'] })
    assert.deepEqual(statesOf(app), { ...all('after'), audit: 'before' })
    assert.deepEqual((await engine.backup(one.safetyBackupId ?? 0)).source, 'audit')
    clock.move(1000)
    await restored(stage, one.safetyBackupId ?? 0)
    assert.deepEqual(statesOf(app), all('after'))
    await restored(stage, id, { members: ['jobs'], target: join(home, 'copy.db') })
    await restored(stage, id, { members: ['payloads'], target: join(home, 'chosen'), paths: ['one'] })
    assert.deepEqual(readdirSync(join(home, 'chosen')), ['one'])
    assert.ok(readdirSync(home).includes('copy.db'))
    assert.deepEqual((await engine.restores({ source: 'jobs', limit: 9 })).restores.length, 1)
  })

  test('are restored together, and the others stay as they are', async t => {
    const stage = await setStage(t)
    const done = await restored(stage, stage.id, { members: ['config', 'jobs'] })
    assert.deepEqual(statesOf(stage.app), { ...all('after'), config: 'before', jobs: 'before' })
    assert.deepEqual(done.members.map(({ name }) => name), ['config', 'jobs'])
    await restored(stage, done.safetyBackupId ?? 0, { members: ['config', 'jobs'] })
    assert.deepEqual(statesOf(stage.app), all('after'))
  })
})

/** The same engine, in which `place` fails once for what goes to a path with this name, before or after its work. */
function failing ({ deps }: Pick<SetStage, 'deps'>, name: string, when: 'before' | 'after'): Pick<SetStage, 'engine'> {
  let isDone = false
  return {
    engine: makeEngine(withRestorers(deps, restorer => ({
      async place (restorable, placement, ...rest) {
        const isIt = !isDone && basename(placement.path) === name
        isDone ||= isIt
        if (isIt && when === 'before') throw new BackupError('RESTORE_FAILED', 'the disk does not answer')
        const placed = await restorer.place(restorable, placement, ...rest)
        if (isIt) throw new BackupError('SOURCE_MALFORMED', 'what was placed is damaged')
        return placed
      }
    })))
  }
}

describe('a failure', () => {
  test('puts the previous content of all members back', async t => {
    const stage = await setStage(t)
    for (
      const [name, when, states] of [
        ['pipeline.yaml', 'before', ['undone', 'undone', 'waiting', 'waiting']],
        ['jobs.db', 'after', ['undone', 'undone', 'undone', 'undone']]
      ] as const
    ) {
      const error = await rejectsWith(
        when === 'before' ? 'RESTORE_FAILED' : 'SOURCE_MALFORMED',
        restored(failing(stage, name, when), stage.id, { verify: false })
      )
      assert.deepEqual([statesOf(stage.app), namesIn(stage.app)], [all('after'), NAMES], name)
      const { restores: [row] } = await stage.engine.restores({ limit: 1 })
      assert.deepEqual([row?.status, row?.safetyBackupId], ['failed', error.details?.safetyBackupId])
      assert.deepEqual(row?.members.map(({ state, aside }) => [state, aside]), states.map(state => [state, null]))
      stage.clock.move(1000)
    }
  })

  test('for damage of the stored bytes is recorded with the backup', async t => {
    const stage = await setStage(t, { verify: true })
    const whole = await stage.engine.backup(stage.id)
    const path = join(stage.home, 'backups', whole.parts.find(({ name }) => name === 'payloads/main')?.fileName ?? '')
    const bytes = readFileSync(path)
    bytes[bytes.length >> 1]! ^= 1
    rmSync(path)
    writeFileSync(path, bytes)
    await assert.rejects(restored(stage, stage.id))
    assert.equal((await stage.engine.backup(stage.id)).verification.status, 'invalid')
    assert.deepEqual([statesOf(stage.app), namesIn(stage.app)], [all('after'), NAMES])
  })

  test('of a database that stays locked is noticed, and the one before it is put back', async t => {
    const stage = await setStage(t)
    const db = new Database(join(stage.app, 'jobs.db'))
    t.after(() => db.close())
    const engine = makeEngine(withRestorers(stage.deps, restorer => ({
      async place (restorable, placement, ...rest) {
        if (basename(placement.path) === 'jobs.db') db.exec('BEGIN IMMEDIATE')
        return await restorer.place(restorable, placement, ...rest)
      }
    })))
    await rejectsWith('SOURCE_LOCKED', restored({ engine }, stage.id, { timeout: 100, verify: false }))
    db.exec('ROLLBACK')
    assert.deepEqual([statesOf(stage.app), namesIn(stage.app)], [all('after'), NAMES])
  })

  test('in a directory of its own removes what was placed there, and one that is found before changes nothing', async t => {
    const stage = await setStage(t)
    const names = readdirSync(stage.home)
    const target = join(stage.home, 'copy')
    await rejectsWith(
      'RESTORE_FAILED',
      restored(failing(stage, 'jobs.db', 'before'), stage.id, { target, verify: false })
    )
    assert.deepEqual(readdirSync(stage.home), names)
    rmSync(join(stage.app, 'jobs.db'))
    mkdirSync(join(stage.app, 'jobs.db'))
    await assert.rejects(restored(stage, stage.id))
    assert.equal((await stage.engine.restores({ limit: 9 })).restores.length, 1)
    assert.equal(readFileSync(join(stage.app, 'pipeline.yaml'), 'utf8'), 'after')
  })
})
