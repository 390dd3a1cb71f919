import assert from 'node:assert/strict'
import { existsSync, linkSync, mkdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { confinedTarget } from '../../../src/engine/restore/target.ts'
import { testEngine } from '../../support/engine/engine.ts'
import { house } from '../../support/engine/guarded-paths.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { shopDatabase } from '../../support/databases/shop.ts'
import { tempDir } from '../../support/temp-dir.ts'

test('a confined target is in a directory that the configuration names, as the links lead', async t => {
  const { at } = house(t)
  symlinkSync(at('elsewhere'), at('allowed/out'))
  symlinkSync(at('allowed'), at('in'))
  symlinkSync(at('elsewhere/victim'), at('allowed/victim'))
  const confined = (path: string, ...restoreDirs: string[]): Promise<string> =>
    confinedTarget({ restoreDirs: restoreDirs.map(at) }, at(path))
  assert.equal(await confined('allowed/x.db', 'allowed'), at('allowed/x.db'))
  assert.equal(await confined('allowed/deep/../x.db', 'elsewhere', 'allowed'), at('allowed/x.db'))
  assert.equal(await confined('in/deep/x.db', 'allowed'), at('allowed/deep/x.db'))
  assert.equal(await confined('allowed/x.db', 'in'), at('allowed/x.db'))
  for (
    const path of [
      'elsewhere/x.db',
      'allowed/out/x.db',
      'allowed/../elsewhere/x',
      'allowedx',
      'allowed',
      'in/out/new/x'
    ]
  ) await rejectsWith('RESTORE_TARGET_FORBIDDEN', confined(path, 'allowed'))
  await rejectsWith('RESTORE_TARGET_INVALID', confined('allowed/victim', 'allowed'))
  assert.match((await rejectsWith('RESTORE_TARGET_FORBIDDEN', confined('allowed/x.db'))).hint ?? '', /RESTORE_DIRS/)
})

test('a caller without a shell restores in place, or into a named directory, and nowhere else', async t => {
  const { source } = shopDatabase(t)
  const home = realpathSync(tempDir(t))
  mkdirSync(join(home, 'allowed'))
  const { engine, create } = await testEngine(t, { sources: [source], restoreDirs: [join(home, 'allowed')] })
  const { id } = await create()
  const target = join(home, 'allowed', 'copy.db')
  assert.equal((await (await engine.restore(id, { isConfined: true, target })).result).target, target)
  assert.ok(existsSync(target))
  await rejectsWith(
    'RESTORE_TARGET_FORBIDDEN',
    engine.restore(id, { isConfined: true, target: join(home, 'other.db') })
  )
  assert.equal((await (await engine.restore(id, { isConfined: true })).result).mode, 'live')
  assert.equal(
    (await (await engine.restore(id, { target: join(home, 'other.db') })).result).status,
    'completed',
    'whoever has a shell may'
  )
  for (const target of [join(home, 'x-wal'), join(home, 'x.db-journal'), `${home}/a\0b`]) {
    assert.ok(
      ['RESTORE_TARGET_INVALID', 'VALIDATION_FAILED'].includes(
        (await rejectsWith(
          target.includes('\0') ? 'VALIDATION_FAILED' : 'RESTORE_TARGET_INVALID',
          engine.restore(id, { target })
        )).code
      )
    )
  }
})

test('a target that is linked or has a hard link gives way, and the other names keep what they had', async t => {
  const { source } = shopDatabase(t)
  const home = realpathSync(tempDir(t))
  const { engine, create } = await testEngine(t, { sources: [source], restoreDirs: [home] })
  const { id } = await create()
  writeFileSync(join(home, 'victim'), 'kept')
  linkSync(join(home, 'victim'), join(home, 'hard'))
  await (await engine.restore(id, { isConfined: true, target: join(home, 'hard'), overwrite: true })).result
  assert.equal(readFileSync(join(home, 'victim'), 'utf8'), 'kept')
})
