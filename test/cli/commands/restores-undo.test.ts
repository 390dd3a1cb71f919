import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { OUTPUTS } from '../../../src/cli/schemas.ts'
import { commandLine, type CommandLineOptions } from '../../support/cli/command-line.ts'

const ASIDE = '/memory/shop.before-1'

/** A restore that kept the previous content. */
async function kept (t: TestContext, options: CommandLineOptions = {}) {
  const line = await commandLine(t, options)
  await line.create()
  const { restores } = line.deps.catalog
  const restore = await restores.start({
    kind: 'restore',
    backupId: 1,
    source: 'shop',
    target: '/memory/shop',
    mode: 'replace',
    aside: ASIDE,
    actor: 'ann',
    startedAt: line.clock.now()
  })
  line.restorer.files.set(ASIDE, Buffer.from('before'))
  await restores.complete(restore.id, { bytes: 1, restoreTime: 1, aside: ASIDE, warnings: [], at: line.clock.now() })
  return line
}

test('restores undo asks on a terminal, and does nothing without an answer', async t => {
  const asked: string[] = []
  const answers = [false, true]
  const line = await kept(t, {
    columns: 200,
    deps: {
      ask: async question => {
        asked.push(question)
        return answers.shift() ?? false
      }
    }
  })
  const first = await line.holdfast('restores', 'undo', '1')
  assert.match(first.out, /with all changes since[^]*nothing was changed/)
  assert.equal(line.restorer.files.has(ASIDE), true)
  const second = await line.holdfast('restores', 'undo', '1')
  assert.deepEqual([second.code, asked.length], [0, 2])
  assert.match(second.out, /Undid restore 1/)
  assert.equal(line.restorer.files.has(ASIDE), false)
  assert.notEqual((await line.engine.restoreById(1)).undoneAt, null)
})

test('restores undo without a terminal needs --confirm, and --json is as its schema describes it', async t => {
  const line = await kept(t)
  const refused = await line.holdfast('restores', 'undo', '1')
  assert.deepEqual([refused.code, /--confirm/.test(refused.err)], [2, true])
  const printed = await line.json('restores', 'undo', '1', '--confirm')
  assert.deepEqual(OUTPUTS['restores undo'].parse(printed), printed)
  assert.equal((await line.holdfast('restores', 'undo', '1', '--yes')).code, 5)
  assert.equal((await line.holdfast('restores', 'undo', '9', '--yes')).code, 4)
  assert.equal((await line.holdfast('restores', 'undo', 'x', '--yes')).code, 2)
})
