import assert from 'node:assert/strict'
import { test } from 'node:test'
import { validConfig, workDir } from '../support/config/config.ts'

test('the guard is on, can be switched off for all, and for one or all but one', t => {
  const guards = (environment: Readonly<Record<string, string>>, yaml = ''): unknown =>
    validConfig(environment, workDir(t, { 'holdfast.yaml': yaml })).sources.map(({ policy }) => policy.anomalyGuard)
  assert.deepEqual(guards({ DATABASE_PATH: 'a.db' }), [undefined, undefined])
  assert.deepEqual(guards({ DATABASE_PATH: 'a.db', ANOMALY_GUARD: 'false' }), [false, false])
  assert.deepEqual(
    guards({}, 'sources:\n  - { name: a, path: a.db, anomalyGuard: false }\n  - { name: b, path: b.db }\n'),
    [false, undefined, undefined]
  )
  assert.deepEqual(
    guards(
      {},
      'anomalyGuard: false\nsources:\n  - { name: a, path: a.db, anomalyGuard: true }\n  - { name: b, path: b.db }\n'
    ),
    [true, false, false]
  )
})
