import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import { commandLine, type CommandLine } from '../../support/cli/command-line.ts'
import { filesOf } from '../../support/engine/engine.ts'
import { testOffsite, type TestOffsite } from '../../support/stores/offsite.ts'

async function make (
  t: TestContext,
  stores: Parameters<typeof testOffsite>[1] = { far: {} }
): Promise<CommandLine & { readonly far: TestOffsite }> {
  const far = await testOffsite(t, stores)
  return { ...await commandLine(t, { offsite: far.offsite }), far }
}

test('upload brings a backup to every store and says where it is', async t => {
  const { holdfast, json, create, far } = await make(t, { far: {}, near: {} })
  const backup = await create()
  const { code, out } = await holdfast('upload', '1')
  assert.deepEqual([code, out], [0, `✓ backup 1, ${backup.key}, 100.0 kB: in "far", "local", "near"\n`])
  assert.deepEqual([far.files('far'), far.files('near')], [filesOf(backup), filesOf(backup)])
  assert.equal((await json('upload', '1', '--store', 'far')).uploaded.length, 1)
})

test('upload --bucket takes the configured store in that bucket, and no other', async t => {
  const { holdfast, json, create, far } = await make(t, { far: {}, near: {} })
  const backup = await create()
  const { place } = (await json('stores')).stores.find((store: { name: string }) => store.name === 'far')
  assert.equal((await holdfast('upload', '1', '--bucket', place.replace(/^[a-z]+:\/\//, ''))).code, 0)
  assert.deepEqual([far.files('far'), far.files('near')], [filesOf(backup), []])
  const refused = await holdfast('upload', '1', '--bucket', 'my-other-bucket')
  assert.equal(refused.code, 4)
  assert.match(refused.err, /no configured store uses the bucket "my-other-bucket"\nhint: Configure .*"far"/)
  assert.equal((await holdfast('upload', '1', '--bucket', 'x', '--store', 'far')).code, 2)
})

test('upload --all takes what is not there yet, also what was never promised, and then nothing', async t => {
  const { holdfast, create, deps, far } = await make(t)
  const made = [await create(), await create(), await create()]
  await deps.catalog.copies.drop(made[0]!.id, 'far')
  await holdfast('upload', '2')
  const { code, out } = await holdfast('backup', 'upload', '--all')
  assert.equal(code, 0)
  assert.match(out, /^✓ backup 1,.*\n✓ backup 3,.*\n\n2 backups uploaded\n$/)
  assert.deepEqual(far.files('far'), filesOf(...made))
  assert.deepEqual(await holdfast('upload', '--all').then(({ code, out }) => [code, out]), [
    0,
    'nothing to upload: every store has every backup\n'
  ])
})

test('upload --all without another store fails, as upload of one backup does', async t => {
  const { holdfast, create } = await commandLine(t)
  await create()
  for (const what of ['1', '--all']) {
    const { code, err } = await holdfast('upload', what)
    assert.equal(code, 4, what)
    assert.match(err, /there is no other store for .*\nhint: Configure a store with BACKUP_S3_BUCKET/, what)
  }
})

test('what does not reach its store ends with 3 and is named, the others are brought there', async t => {
  const { holdfast, create, far } = await make(t)
  await create()
  await create()
  far.faults.fail('far.put', { error: new BackupError('STORE_UNAVAILABLE', 'it is down') })
  const { code, out } = await holdfast('upload', '--all')
  assert.equal(code, 3)
  assert.match(out, /✓ backup 2,.*\n! backup 1: it is down\n\n1 backup uploaded, 1 not\n$/)
})

for (
  const words of [
    ['upload'],
    ['upload', '1', '--all'],
    ['upload', '1', '--source', 'shop'],
    [
      'upload',
      '1',
      '--store',
      'nowhere'
    ],
    ['upload', '--all', '--store', 'nowhere'],
    ['upload', '99']
  ]
) {
  test(`"${words.join(' ')}" is refused and uploads nothing`, async t => {
    const { holdfast, create, far } = await make(t)
    await create()
    assert.ok([2, 4].includes((await holdfast(...words)).code))
    assert.deepEqual(far.files('far'), [])
  })
}
