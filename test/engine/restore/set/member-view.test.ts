import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BackupError } from '../../../../src/core/errors.ts'
import { viewOf } from '../../../../src/engine/restore/set/member-view.ts'
import { manifestOf } from '../../../support/catalog/catalog.ts'
import { setStage } from '../../../support/engine/set-stage.ts'

function refused (work: () => unknown, hint: RegExp): void {
  assert.throws(
    work,
    error => error instanceof BackupError && error.code === 'VALIDATION_FAILED' && hint.test(error.hint ?? '')
  )
}

test('of the backup of a set a member is seen, and of any other backup the whole', async t => {
  const { engine, id } = await setStage(t)
  const manifest = (await engine.manifest(id))!
  const { member, manifest: own } = viewOf({ id }, manifest, 'audit')
  assert.deepEqual([member?.name, own.source.name, own.parts], ['audit', 'audit', []])
  refused(() => viewOf({ id }, manifest, undefined), /"audit", "jobs", "payloads", "config"/)
  refused(() => viewOf({ id }, manifest, 'invoices'), /"audit"/)
  const single = manifestOf({ id: 2 })
  assert.deepEqual(viewOf({ id: 2 }, single, undefined), { manifest: single, member: null })
  refused(() => viewOf({ id: 2 }, single, 'audit'), /Omit "member"/)
})
