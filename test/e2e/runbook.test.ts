import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { startApp } from '../../src/app/app.ts'
import { makeLogger } from '../../src/app/logger.ts'
import { ensureSecret } from '../../src/config/generated-secret.ts'
import { checkConfig } from '../../src/config/load.ts'
import { signToken } from '../../src/http/tokens.ts'
import { runbookSuite, type Service } from '../suites/runbook-suite.ts'
import { makeMoney } from '../support/databases/money.ts'
import { tempDir } from '../support/temp-dir.ts'

runbookSuite(serve)

/** The service as it starts with nothing but the path of a database, over its real port. */
async function serve (t: TestContext): Promise<Service> {
  const cwd = tempDir(t)
  makeMoney(join(cwd, 'workstation.db'), { entries: 100 })
  const checked = checkConfig({ DATABASE_PATH: './workstation.db', PORT: '0' }, cwd)
  assert.ok(checked.ok)
  const { config, inForce } = checked
  const app = await startApp(config, { logger: makeLogger({ logLevel: 'silent', logFormat: 'json' }), inForce })
  t.after(() => app.close(0))
  const address = await app.listen()
  const token = signToken({
    secret: ensureSecret(config).key,
    id: 'runbook',
    subject: 'runbook',
    role: 'admin',
    expiresInSeconds: 60,
    now: new Date()
  })
  return {
    async call (method, path, body) {
      const answer = await fetch(`${address}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, ...body === undefined ? {} : { 'content-type': body.type } },
        ...body === undefined ? {} : { body: body.text }
      })
      return { status: answer.status, body: await answer.json() }
    }
  }
}
