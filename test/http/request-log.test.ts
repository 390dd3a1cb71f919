import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import { pino } from 'pino'
import { BackupError } from '../../src/core/errors.ts'
import { as, build } from '../support/http/server.ts'

test('the log tells who did what and how it went, and never a token', async t => {
  const lines: string[] = []
  const logger = pino(
    { level: 'info' },
    new Writable({
      write (chunk, _encoding, done) {
        lines.push(String(chunk))
        done()
      }
    })
  )
  const { app, engine } = await build(t, { logger })
  engine.refusal = new BackupError('DISK_FULL', 'no space', { cause: new Error('underneath') })
  const { authorization } = as('admin', 'ann')
  await app.inject({
    method: 'POST',
    url: '/api/backups?token=secret-in-query',
    headers: { authorization, cookie: 'secret-cookie' }
  })
  await app.inject({ url: '/api/backups', headers: { authorization } })
  const told = lines.map(line => JSON.parse(line))
  assert.deepEqual(told.map(line => line.msg), ['the request failed', 'request'])
  assert.match(told[0].err.stack, /underneath/)
  assert.deepEqual([told[1].method, told[1].path, told[1].status, told[1].caller, told[1].code], [
    'POST',
    '/api/backups',
    507,
    'subject ann',
    'DISK_FULL'
  ])
  assert.doesNotMatch(lines.join(''), new RegExp(`${authorization.slice(7)}|secret-`))
})
