import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { LocalDisk } from '../../../src/stores/local/disk.ts'
import { localStore } from '../../../src/stores/local/local.ts'
import { ALONE } from '../../support/catalog/catalog.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { bodyOf, never, until } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'

const SILENT = { code: 'STORE_UNAVAILABLE', message: 'the file system of "/mnt/nas" does not respond' }

/**
 * A disk on a mount that answers until it dies, and again once it lives; after how many milliseconds silence counts.
 */
function mount (patience = 5) {
  let gate = Promise.resolve<unknown>(undefined)
  let live: (value: unknown) => void = () => {}
  let questions = 0
  const answers = async (): Promise<void> => {
    await gate
  }
  const disk = new LocalDisk('/mnt/nas', patience, async () => {
    questions++
    await answers()
  })
  return {
    disk,
    answers,
    questions: () => questions,
    die () {
      ;({ promise: gate, resolve: live } = Promise.withResolvers<unknown>())
    },
    live () {
      live(undefined)
    }
  }
}

test('calls that hang are given up, with those that wait for them, and nothing more is begun', async () => {
  const { disk, answers, questions, die } = mount()
  die()
  let begun = 0
  const call = (): Promise<void> =>
    disk.ask(async () => {
      begun++
      await answers()
    })
  await Promise.all(Array.from({ length: 20 }, async () => {
    await assert.rejects(call(), SILENT)
  }))
  assert.deepEqual([begun, questions()], [4, 1])
  await assert.rejects(call(), SILENT)
  assert.deepEqual([begun, questions()], [4, 1])
})

test('everything goes on once what hung has ended, and what was left to do is done', async () => {
  const { disk, answers, die, live } = mount()
  die()
  const done: string[] = []
  await assert.rejects(
    disk.ask(async () => {
      await answers()
    }),
    SILENT
  )
  await disk.afterwards(async () => {
    await turn()
    done.push('removed')
  })
  await disk.afterwards(async () => {
    done.push('closed')
  })
  assert.deepEqual(done, [])
  live()
  await until(() => done.length >= 2)
  assert.deepEqual(done, ['removed', 'closed'])
  assert.equal(await disk.ask(async () => 'again'), 'again')
})

test('what comes too late is handed over, to be let go', async () => {
  const { disk, answers, die, live } = mount()
  die()
  const { promise, resolve } = Promise.withResolvers<string>()
  const opened = async (): Promise<string> => {
    await answers()
    return 'a descriptor'
  }
  await assert.rejects(
    disk.ask(opened, async late => {
      resolve(late)
    }),
    SILENT
  )
  live()
  assert.equal(await promise, 'a descriptor')
})

test('a call that is slow is waited for as long as the directory answers', async () => {
  const { disk, questions } = mount(1)
  const slow = Promise.withResolvers<string>()
  const asked = disk.ask(async () => await slow.promise)
  await until(() => questions() >= 3)
  slow.resolve('synced')
  assert.equal(await asked, 'synced')
})

test('an error is an answer', async t => {
  const disk = new LocalDisk(tempDir(t), 1, async () => {
    throw new Error('EIO')
  })
  const slow = Promise.withResolvers<string>()
  const asked = disk.ask(async () => await slow.promise)
  setTimeout(() => {
    slow.resolve('done')
  }, 10)
  assert.equal(await asked, 'done')
})

test('a store on a file system that does not answer refuses each piece of work', async t => {
  const directory = tempDir(t)
  const { disk, answers, die } = mount()
  die()
  writeFileSync(join(directory, 'a.db'), 'one')
  const store = localStore({ directory, instanceId: 'test', presence: ALONE, now: () => new Date(0), disk })
  await assert.rejects(
    disk.ask(async () => {
      await answers()
    }),
    SILENT
  )
  await rejectsWith('STORE_UNAVAILABLE', store.open(never))
  await rejectsWith('STORE_UNAVAILABLE', store.put('b.db', bodyOf('two'), {}, never))
  await rejectsWith('STORE_UNAVAILABLE', store.get('a.db', undefined, never))
  await rejectsWith('STORE_UNAVAILABLE', store.stat('a.db', never))
  await rejectsWith('STORE_UNAVAILABLE', Readable.from(store.list('', never)).toArray())
  await rejectsWith('STORE_UNAVAILABLE', store.remove('a.db', never))
  await rejectsWith('STORE_UNAVAILABLE', store.move('a.db', 'b.db', never))
  await rejectsWith('STORE_UNAVAILABLE', store.space(never))
  await rejectsWith('STORE_UNAVAILABLE', store.file('a.db', never))
  await rejectsWith('STORE_UNAVAILABLE', Promise.resolve(store.odd?.(never)))
})

test('a body that is read while the file system dies errors, and is closed once it answers', async t => {
  const directory = tempDir(t)
  const { disk, answers, die, live } = mount()
  writeFileSync(join(directory, 'a.db'), Buffer.alloc(1024 * 1024))
  const store = localStore({ directory, instanceId: 'test', presence: ALONE, now: () => new Date(0), disk })
  const body = await store.get('a.db', undefined, never)
  die()
  await assert.rejects(
    disk.ask(async () => {
      await answers()
    }),
    SILENT
  )
  await rejectsWith('STORE_UNAVAILABLE', body.toArray())
  live()
  await turn()
  assert.equal((await disk.ask(() => stat(join(directory, 'a.db')))).size, 1024 * 1024)
})
