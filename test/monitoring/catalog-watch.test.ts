import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { BackupError } from '../../src/core/errors.ts'
import { CatalogWatch } from '../../src/monitoring/catalog-watch.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { until } from '../support/streams.ts'

const DAY = 86_400_000

interface Bench {
  readonly clock: FakeClock
  readonly watch: CatalogWatch
  /** Checks, marks and lines of the log, in order. */
  readonly told: string[]
  /** The answers of the checks to come. */
  readonly answers: Array<string | undefined | Error>
}

function bench (t: TestContext, isChecked: boolean): Bench {
  const [clock, told, answers]: [FakeClock, string[], Bench['answers']] = [new FakeClock(), [], []]
  const line = (level: string) => (_: object, message: string) => {
    told.push(`${level} ${message.slice(0, 40)}`)
  }
  const watch = new CatalogWatch({
    async check () {
      told.push('check')
      const answer = answers.shift()
      if (answer instanceof Error) throw answer
      return answer
    },
    mark: finding => {
      told.push(`mark ${finding}`)
    },
    isChecked,
    clock,
    logger: { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') }
  })
  t.after(() => watch.stop())
  return { clock, watch, told, answers }
}

async function slept ({ clock }: Bench): Promise<void> {
  await until(() => clock.sleeping === 1)
}

test('a catalog that was not checked as it was opened is checked soon after the start, then once a day', async t => {
  const made = bench(t, false)
  made.watch.start()
  await slept(made)
  made.clock.move(9999)
  assert.deepEqual(made.told, [])
  made.clock.move(1)
  await until(() => made.told.length === 1)
  await slept(made)
  made.clock.move(DAY)
  await until(() => made.told.length === 2)
})

test('a catalog that was checked as it was opened is checked after a day', async t => {
  const made = bench(t, true)
  made.watch.start()
  await slept(made)
  made.clock.move(DAY - 1)
  assert.deepEqual(made.told, [])
  made.clock.move(1)
  await until(() => made.told.length === 1)
})

test('damage is marked and logged; a check that fails is logged, marks nothing, and the next one is made', async t => {
  const { watch, told, answers } = bench(t, true)
  answers.push('page 7 is never used', new BackupError('PROCESS_LIMIT', 'no more processes'), undefined)
  for (let n = 0; n < 3; n++) await watch.look()
  assert.deepEqual(told, [
    'check',
    'mark page 7 is never used',
    'error THE CATALOG IS DAMAGED: restart the serv',
    'check',
    'warn the catalog could not be checked; the ne',
    'check'
  ])
})
