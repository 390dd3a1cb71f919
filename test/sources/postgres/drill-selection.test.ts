import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { postgresRehearser } from '../../../src/sources/postgres/rehearse.ts'
import { contextOf, restorableBackup, richDatabase } from '../../support/databases/postgres-backup.ts'
import { NO_SELECTION, sourceOf, taken } from '../../support/databases/postgres-source.ts'
import { needPostgres, startPostgres } from '../../support/databases/postgres.ts'
import { tempDir } from '../../support/temp-dir.ts'

const signal = new AbortController().signal

test('a drill compares what the backup has, whatever was chosen', async t => {
  if (!needPostgres(t)) return
  const server = await startPostgres()
  await richDatabase(server)
  const directory = tempDir(t)
  const scratch = join(directory, 'scratch')
  mkdirSync(scratch)
  const path = join(directory, 'shop.dump')
  for (const chosen of [{}, { schemas: ['app'] }, { excludeTableData: ['app.orders_2025'] }]) {
    const { source } = sourceOf(t, server, server.url('shop'), { selection: { ...NO_SELECTION, ...chosen } })
    const { parts, facts } = await taken(source)
    writeFileSync(path, parts.get('main') ?? '')
    const rehearsal = await postgresRehearser(contextOf(server, scratch)).rehearse(
      restorableBackup({ path, facts }),
      signal
    )
    try {
      const others = (await rehearsal.checks(signal)).filter(({ status }) => status !== 'pass')
      assert.deepEqual(others, [], JSON.stringify(chosen))
    } finally {
      await rehearsal.close()
    }
  }
})
