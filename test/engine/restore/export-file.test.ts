import assert from 'node:assert/strict'
import { lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import { spoolExport, writeExportFile } from '../../../src/engine/restore/export-file.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { tempDir } from '../../support/temp-dir.ts'

test('a file that another process makes meanwhile stays', async t => {
  const out = tempDir(t)
  const file = join(out, 'a.csv')
  await rejectsWith(
    'RESTORE_TARGET_EXISTS',
    writeExportFile({ file, overwrite: false }, async write => {
      await write(Buffer.from('rows'))
      assert.deepEqual(readdirSync(out).map(name => /^\.holdfast-.*\.part$/.test(name)), [true])
      writeFileSync(file, 'theirs')
    })
  )
  assert.deepEqual([readFileSync(file, 'utf8'), readdirSync(out)], ['theirs', ['a.csv']])
})

test('a link gives way to the file, and what it leads to stays', async t => {
  const out = tempDir(t)
  const [file, other] = [join(out, 'a.csv'), join(out, 'other')]
  writeFileSync(other, 'theirs')
  symlinkSync(other, file)
  const produce = async (write: (bytes: Buffer) => Promise<void>): Promise<void> => {
    await write(Buffer.from('rows'))
  }
  await rejectsWith('RESTORE_TARGET_EXISTS', writeExportFile({ file, overwrite: false }, produce))
  await writeExportFile({ file, overwrite: true }, produce)
  assert.deepEqual([lstatSync(file).isFile(), readFileSync(file, 'utf8'), readFileSync(other, 'utf8')], [
    true,
    'rows',
    'theirs'
  ])
})

test('a directory is not replaced, and nothing is left of a failure', async t => {
  const out = tempDir(t)
  const file = join(out, 'a.csv')
  mkdirSync(file)
  await rejectsWith('RESTORE_TARGET_INVALID', writeExportFile({ file, overwrite: true }, async () => {}))
  await assert.rejects(
    writeExportFile({ file: join(out, 'b.csv'), overwrite: false }, async write => {
      await write(Buffer.from('rows'))
      throw new Error('the source broke')
    }),
    /the source broke/
  )
  assert.deepEqual(readdirSync(out), ['a.csv'])
})

test('a spooled export has no name from the beginning, and all bytes', async t => {
  const out = tempDir(t)
  const { content, bytes, result } = await spoolExport(out, async write => {
    assert.deepEqual(readdirSync(out), [])
    for (const text of ['one', 'two']) await write(Buffer.from(text))
    return 2
  })
  assert.deepEqual([(await buffer(content)).toString(), bytes, result], ['onetwo', 6, 2])
  await assert.rejects(
    spoolExport(out, async () => {
      throw new Error('the source broke')
    }),
    /the source broke/
  )
  await rejectsWith('RESTORE_TARGET_INVALID', spoolExport(join(out, 'none'), async () => {}))
})
