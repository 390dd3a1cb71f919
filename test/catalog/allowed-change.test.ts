import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  checkCompleted,
  checkEnded,
  checkNotGone,
  checkNotTrashed,
  checkRunning,
  checkSuspect,
  checkTrashed
} from '../../src/catalog/allowed-change.ts'
import type { ErrorCode } from '../../src/core/errors.ts'

type State = Parameters<typeof checkRunning>[0]
const AT = '2025-11-24T23:30:00.000Z'
const LIVE: State = {
  id: 1,
  status: 'completed',
  trashed_at: null,
  deleted_at: null,
  suspect_reasons: null,
  released_at: null
}
const SUSPECT = { suspect_reasons: '["rows fell"]' }

const CASES: ReadonlyArray<
  readonly [
    check: (state: State) => void,
    allowed: Partial<State>,
    refused: ReadonlyArray<Partial<State>>,
    code: ErrorCode
  ]
> = [
  [checkRunning, { status: 'in_progress' }, [{}, { status: 'failed' }], 'CATALOG_FAILED'],
  [checkNotGone, {}, [{ deleted_at: AT }], 'BACKUP_DELETED'],
  [checkEnded, { status: 'failed' }, [{ status: 'in_progress' }], 'BACKUP_NOT_COMPLETED'],
  [checkCompleted, {}, [{ status: 'in_progress' }, { status: 'failed' }], 'BACKUP_NOT_COMPLETED'],
  [checkNotTrashed, {}, [{ trashed_at: AT }], 'BACKUP_DELETED'],
  [checkSuspect, SUSPECT, [{}, { ...SUSPECT, released_at: AT }], 'BACKUP_NOT_SUSPECT'],
  [checkTrashed, { trashed_at: AT }, [{}], 'BACKUP_NOT_IN_TRASH']
]

for (const [check, allowed, refused, code] of CASES) {
  test(`${check.name} lets one state pass and refuses the others with ${code}`, () => {
    assert.doesNotThrow(() => {
      check({ ...LIVE, ...allowed })
    })
    for (const state of refused) {
      assert.throws(() => {
        check({ ...LIVE, ...state })
      }, { code })
    }
  })
}
