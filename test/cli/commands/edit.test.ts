import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OUTPUTS } from '../../../src/cli/schemas.ts'
import { commandLine } from '../../support/cli/command-line.ts'

test('pin, unpin and describe change what is recorded about a backup', async t => {
  const { holdfast, create, engine } = await commandLine(t)
  await create()
  for (const words of [['pin', '1'], ['describe', '1', 'the good one']]) {
    assert.equal((await holdfast(...words)).code, 0)
  }
  let backup = await engine.backup(1)
  assert.deepEqual([backup.pinned, backup.description], [true, 'the good one'])
  for (const words of [['unpin', '1'], ['describe', '1', '']]) assert.equal((await holdfast(...words)).code, 0)
  backup = await engine.backup(1)
  assert.deepEqual([backup.pinned, backup.description], [false, null])
  assert.equal((await holdfast('describe', '1', 'x'.repeat(1001))).code, 2)
})

for (
  const [words, change] of [
    [['pin', '1'], { pinned: true }],
    [['unpin', '1'], { pinned: false }],
    [['describe', '1', 'the good one'], { description: 'the good one' }]
  ] as const
) {
  test(`${words[0]} --json prints the backup as it is from then on`, async t => {
    const { json, create, engine } = await commandLine(t)
    await create()
    await engine.edit(1, { pinned: words[0] === 'unpin' })
    const printed = await json(...words)
    assert.deepEqual(OUTPUTS[words[0]].parse(printed), printed)
    assert.deepEqual(printed.backup, { ...printed.backup, id: 1, ...change })
  })

  test(`${words[0]} of a backup that is not there ends with 4`, async t => {
    const { holdfast } = await commandLine(t)
    const { code, out, err } = await holdfast(...words)
    assert.deepEqual([code, out], [4, ''])
    assert.match(err, /there is no backup 1/)
  })
}
