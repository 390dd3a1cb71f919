import assert from 'node:assert/strict'
import { once } from 'node:events'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { makeMoney } from '../support/databases/money.ts'
import { startService, until, type Service } from '../support/processes/service.ts'
import { tempDir } from '../support/temp-dir.ts'
import { tokenFor } from '../support/http/token.ts'

const MISTAKES = new URL('../support/processes/uncaught-mistakes.ts', import.meta.url).href

/** A service that has 100,000 entries to back up, with a backup of it begun. */
async function atWork (t: TestContext): Promise<
  { readonly service: Service, readonly answer: ReturnType<Service['call']> }
> {
  const home = tempDir(t)
  makeMoney(join(home, 'shop.db'), { entries: 100_000 })
  const service = await startService(
    t,
    home,
    { DATABASE_PATH: './shop.db', NODE_OPTIONS: `--import=${MISTAKES}` },
    tokenFor('admin')
  )
  const answer = service.call('POST', '/api/backups')
  await until(() => service.call('GET', '/api/jobs'), jobs => jobs.body.jobs.length > 0)
  return { service, answer }
}

test('a rejection that nothing waited for is logged, and the service goes on', async t => {
  const { service, answer } = await atWork(t)
  service.child.kill('SIGUSR2')
  await until(() => service.call('GET', '/health/live'), () => service.log().includes('a planted rejection'))
  assert.equal((await answer).status, 201)
  assert.equal((await service.call('POST', '/api/backups')).status, 201)
  assert.equal(await service.kill('SIGTERM'), 0)
})

test('an exception that nothing caught is logged, work under way ends in order, and the exit code is 1', async t => {
  const { service, answer } = await atWork(t)
  const exited = once(service.child, 'exit')
  service.child.kill('SIGHUP')
  assert.equal((await answer).status, 201)
  assert.deepEqual(await exited, [1, null])
  assert.match(service.log(), /a planted exception[\s\S]*"msg":"stopped"/)
})
