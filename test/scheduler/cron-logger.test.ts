import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cronLogger } from '../../src/scheduler/cron-logger.ts'

test('lines of the library reach our log, its warnings of ticks that were left out as mere details', () => {
  const told: unknown[] = []
  const line = (level: string) => (facts: object, message: string) => {
    told.push([level, Object.keys(facts), message])
  }
  const logger = cronLogger({ debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') })
  logger.warn('task still running')
  logger.error(new Error('the tick failed'))
  logger.error('stopping failed', new Error('gone'))
  assert.deepEqual(told, [
    ['debug', [], 'node-cron: task still running'],
    ['error', ['err'], 'node-cron: the tick failed'],
    ['error', ['err'], 'node-cron: stopping failed']
  ])
})
