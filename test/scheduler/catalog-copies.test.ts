import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { BackupError } from '../../src/core/errors.ts'
import { CatalogCopies } from '../../src/scheduler/catalog-copies.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { until } from '../support/streams.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND

interface Bench {
  readonly clock: FakeClock
  readonly made: number[]
  readonly logged: string[]
  readonly count: { changes: number, saved: number }
  /** What the next backup fails with. */
  failure: BackupError | undefined
  /** Lets time pass in the steps in which is looked; `work` is done before each. */
  pass(ms: number, work?: () => void): Promise<void>
}

function bench (t: Pick<TestContext, 'after'>): Bench {
  const clock = new FakeClock()
  const start = clock.now().getTime()
  const count = { changes: 0, saved: 0 }
  let looks = 0
  const one: Bench = {
    clock,
    made: [],
    logged: [],
    count,
    failure: undefined,
    async pass (ms, work = () => {}) {
      for (let passed = 0; passed < ms; passed += 15 * SECOND) {
        await until(() => clock.sleeping > 0)
        work()
        const before = looks
        clock.move(15 * SECOND)
        await until(() => looks > before && clock.sleeping > 0)
      }
    }
  }
  const note = (_facts: unknown, text?: string): void => {
    one.logged.push(text ?? '')
  }
  const copies = new CatalogCopies({
    changes: {
      read: async () => {
        looks++
        return { ...count }
      },
      saved: async changes => {
        count.saved = changes
      }
    },
    backUp: async () => {
      one.made.push((clock.now().getTime() - start) / SECOND)
      const { failure } = one
      one.failure = undefined
      if (failure !== undefined) throw failure
    },
    clock,
    logger: { error: note, warn: note, info: note } as never
  })
  copies.start()
  t.after(() => copies.stop())
  return one
}

test('the catalog is backed up once nothing has changed for a minute, and not again without a change', async t => {
  const one = bench(t)
  await one.pass(30 * SECOND)
  one.count.changes++
  await one.pass(60 * MINUTE)
  assert.deepEqual(one.made, [105])
  one.count.changes++
  await one.pass(60 * MINUTE)
  assert.equal(one.made.length, 2)
})

test('while it changes without a pause it is backed up every ten minutes', async t => {
  const one = bench(t)
  await one.pass(31 * MINUTE, () => {
    one.count.changes++
  })
  assert.deepEqual(one.made.map((at, n) => at - (one.made[n - 1] ?? 15)), [600, 600, 600])
})

test('changes from before the start are saved as well, and what changes during a backup calls for the next', async t => {
  const one = bench(t)
  one.count.changes = 5
  await one.pass(2 * MINUTE)
  assert.deepEqual([one.made.length, one.count.saved], [1, 5])
  one.count.saved = 4
  await one.pass(11 * MINUTE)
  assert.equal(one.made.length, 2)
})

test('a backup that fails is told, and tried again ten minutes later; one that finds the catalog busy is not told', async t => {
  const one = bench(t)
  one.count.changes = 1
  one.failure = new BackupError('DISK_FULL', 'no room')
  await one.pass(5 * MINUTE)
  assert.deepEqual([one.made.length, one.logged], [1, [
    'the backup of the catalog failed and will be retried: no room'
  ]])
  one.failure = new BackupError('BACKUP_IN_PROGRESS', 'busy')
  await one.pass(20 * MINUTE)
  assert.deepEqual([one.made.length, one.logged.length, one.count.saved], [3, 1, 1])
})
