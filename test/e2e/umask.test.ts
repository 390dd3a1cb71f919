import assert from 'node:assert/strict'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { holdfast } from '../support/processes/holdfast.ts'
import { workDir } from '../support/config/config.ts'
import { makeMoney } from '../support/databases/money.ts'
import { startService } from '../support/processes/service.ts'
import { tokenFor } from '../support/http/token.ts'

/** What a server and a command made under this umask, with the mode of each. */
async function made (t: TestContext, umask: number): Promise<ReadonlyMap<string, string>> {
  const cwd = workDir(t)
  makeMoney(join(cwd, 'app.db'), { entries: 20 })
  const before = process.umask(umask)
  try {
    const environment = { DATABASE_PATH: './app.db', BACKUP_COMPRESSION: 'zstd' }
    const service = await startService(t, cwd, environment, tokenFor('admin'))
    assert.equal((await service.call('POST', '/api/backups')).status, 201)
    assert.equal((await holdfast(['verify', '1'], cwd, {})).code, 0)
    const names = ['data', 'backups'].flatMap(
      folder => [folder, ...readdirSync(join(cwd, folder), { recursive: true }).map(name => join(folder, String(name)))]
    )
    // Nobody else may enter the compile cache, and so the modes of what Node writes there do not matter.
    const modes = names.filter(name => !name.startsWith('data/compiled/')).map(name =>
      [
        name.replace(/\d+-[0-9a-f]{8}|\d{4}-\d\d-\d\dT[\d-]+/g, 'N'),
        (statSync(join(cwd, name)).mode & 0o777).toString(8)
      ] as const
    )
    assert.equal(await service.kill('SIGTERM'), 0)
    return new Map(modes)
  } finally {
    process.umask(before)
  }
}

for (const umask of [0, 0o077]) {
  test(`what the service makes is for its user alone with a umask of ${umask.toString(8).padStart(3, '0')}`, async t => {
    const modes = await made(t, umask)
    assert.ok(modes.size > 9, [...modes.keys()].join())
    for (const [name, mode] of modes) assert.ok(['600', '700'].includes(mode), `${name} has the mode ${mode}`)
  })
}
