import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { verifyFile, type VerifiedFile } from '../../../src/engine/verify/verify-file.ts'
import { localStore } from '../../../src/stores/local/local.ts'
import { ALONE } from '../../support/catalog/catalog.ts'
import { testEngine } from '../../support/engine/engine.ts'
import { tarOf } from '../../support/sources/directory-backup.ts'
import { never } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'

test('an archive without a manifest is read as one, by its name once it is decompressed', async t => {
  const { deps } = await testEngine(t)
  const home = tempDir(t)
  mkdirSync(join(home, 'tree'))
  writeFileSync(join(home, 'tree/file'), 'content')
  const tar = tarOf(join(home, 'tree'))
  const verified = async (name: string, content: Buffer): Promise<VerifiedFile> => {
    writeFileSync(join(home, name), content)
    const storeAt = (directory: string) =>
      localStore({ directory, instanceId: 'test', presence: ALONE, now: () => deps.clock.now() })
    return await verifyFile({ ...deps, storeAt }, join(home, name), { phase () {}, bytes () {}, signal: never })
  }
  for (const [name, content] of [['a.tar', tar], ['a.tar.gz', gzipSync(tar)]] as const) {
    const { verdict, verification } = await verified(name, content)
    const archive = verification.checks.find(check => check.name === 'archive')
    assert.deepEqual([verdict, archive?.status, archive?.reason], ['sound', 'pass', '2 members, to the end'], name)
  }
  const cut = await verified('cut.tar', tar.subarray(0, 1024))
  assert.equal(cut.verdict, 'damaged')
  assert.match(cut.message, /archive failed \(.*it was cut off/)
})
