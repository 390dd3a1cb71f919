import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'
import { EventHub } from '../../src/http/event-hub.ts'

/** A response of which the test says how much of it waits to be read. */
class Reader extends EventEmitter {
  readonly written: string[] = []
  fate: 'open' | 'ended' | 'cut' = 'open'
  writableLength = 0
  writableNeedDrain = false

  write (text: string): boolean {
    this.written.push(text)
    return !this.writableNeedDrain
  }

  end (): this {
    this.fate = 'ended'
    return this
  }

  destroy (): this {
    this.fate = 'cut'
    this.emit('close')
    return this
  }
}

const KiB = 1024

function hubWith (...readers: Reader[]): EventHub {
  const hub = new EventHub()
  for (const reader of readers) hub.add(reader as unknown as Parameters<EventHub['add']>[0], 'ann', () => false)
  return hub
}

test('what passes is kept from a reader that is behind, and what stays is not', t => {
  const [quick, slow] = [new Reader(), new Reader()]
  const hub = hubWith(quick, slow)
  t.after(() => {
    hub.close()
  })
  slow.writableNeedDrain = true
  hub.send('job.updated', () => ({ percent: 5 }), true)
  hub.send('backup.completed', () => ({ id: 1 }), false)
  const progress = 'event: job.updated\ndata: {"percent":5}\n\n'
  const done = 'event: backup.completed\ndata: {"id":1}\n\n'
  assert.deepEqual(quick.written.slice(1), [progress, done])
  assert.deepEqual(slow.written.slice(1), [done])
})

test('a reader that is too far behind is cut and forgotten', t => {
  const [quick, slow] = [new Reader(), new Reader()]
  const hub = hubWith(quick, slow)
  t.after(() => {
    hub.close()
  })
  slow.writableLength = 256 * KiB + 1
  quick.writableLength = 256 * KiB
  hub.send('a', () => ({}), false)
  assert.deepEqual([quick.fate, slow.fate], ['open', 'cut'])
  hub.send('b', () => ({}), false)
  assert.deepEqual([quick.written.length, slow.written.length], [3, 2])
})

test('a close ends who reads and cuts who does not', () => {
  const [quick, slow] = [new Reader(), new Reader()]
  const hub = hubWith(quick, slow)
  slow.writableNeedDrain = true
  hub.close()
  assert.deepEqual([quick.fate, slow.fate], ['ended', 'cut'])
})

test('who comes after the close is ended at once', () => {
  const late = new Reader()
  const hub = hubWith()
  hub.close()
  hub.add(late as unknown as Parameters<EventHub['add']>[0], 'ann', () => false)
  assert.deepEqual([late.fate, late.written], ['ended', []])
})

test('data is made once for all readers, and not at all for none', t => {
  const hub = hubWith()
  t.after(() => {
    hub.close()
  })
  let made = 0
  const data = (): object => ({ made: ++made })
  hub.send('a', data, false)
  assert.equal(made, 0)
  for (const reader of [new Reader(), new Reader()]) {
    hub.add(reader as unknown as Parameters<EventHub['add']>[0], 'ann', () => false)
  }
  hub.send('a', data, false)
  assert.equal(made, 1)
})

test('a heartbeat ends who may no longer read, and whom nobody can be asked about', async t => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const [welcome, revoked, unknown] = [new Reader(), new Reader(), new Reader()]
  const hub = new EventHub()
  t.after(() => {
    hub.close()
  })
  const add = (reader: Reader, isOver: () => boolean | Promise<boolean>): void => {
    hub.add(reader as unknown as Parameters<EventHub['add']>[0], 'ann', isOver)
  }
  add(welcome, () => false)
  add(revoked, async () => true)
  add(unknown, async () => {
    throw new Error('the catalog is gone')
  })
  t.mock.timers.tick(15_000)
  await new Promise(resolve => {
    setImmediate(resolve)
  })
  assert.deepEqual([welcome, revoked, unknown].map(({ fate }) => fate), ['open', 'ended', 'ended'])
  assert.deepEqual(welcome.written.slice(1), [': heartbeat\n\n'])
})
