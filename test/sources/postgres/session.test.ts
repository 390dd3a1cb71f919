import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseUrl } from '../../../src/sources/postgres/connection.ts'
import { openSession } from '../../../src/sources/postgres/session.ts'
import { needPostgres, startPostgres } from '../../support/databases/postgres.ts'

for (const major of [15, 17]) {
  test(`connects to PostgreSQL ${major}, and an abort ends a query with its reason`, async t => {
    if (!needPostgres(t, major)) return
    const server = await startPostgres({ major })
    const controller = new AbortController()
    const session = await openSession(parseUrl(server.url('postgres')), controller.signal)
    const [row] = await session.query<{ version: string, path: string }>(
      "SELECT current_setting('server_version_num') AS version, current_setting('search_path') AS path"
    )
    assert.equal(Math.floor(Number(row?.version) / 10_000), major)
    assert.equal(row?.path, '""')
    const sleeping = session.query('SELECT pg_sleep(600)')
    controller.abort(new Error('enough'))
    await assert.rejects(sleeping, /enough/)
    await session.close()
  })
}
