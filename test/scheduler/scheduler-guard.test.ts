import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SourceOverrides } from '../../src/core/schedule/policy.ts'
import { schedulerBench, type Bench } from '../support/scheduler/scheduler.ts'
import { prose } from '../support/streams.ts'

const HOUR = 3_600_000
const schedule = { rules: [{ name: 'daily', tier: 'daily', pattern: '0 3 * * *' }], timeZone: 'UTC' } as const
const POLICIES: ReadonlyArray<readonly [string, SourceOverrides]> = [
  ['maxBackups', { schedule, maxBackups: 7 }],
  ['rules', { schedule, retention: { daily: 7, weekly: 1, minBackups: 2 } }]
]

/** Until the next backup, until the prune, and until the day ends: nothing else is due. */
const PAUSES = [3.5 * HOUR, 1.5 * HOUR, 19 * HOUR]

/** The clock begins at half past eleven at night, and so ends each day. */
async function live ({ clock, tick }: Bench, days: number): Promise<void> {
  for (let day = 0; day < days; day++) {
    for (const pause of PAUSES) {
      clock.move(pause)
      await tick()
    }
  }
}

async function present ({ engine }: Bench): Promise<readonly number[]> {
  return (await engine.backups({ limit: 500 })).backups.map(({ id }) => id).toReversed()
}

for (const [name, policy] of POLICIES) {
  test(`forty days with an attack on the twentieth, kept by ${name}: every good backup from before it is there at the end`, async t => {
    const bench = await schedulerBench(t, { inMemory: true, policies: { shop: policy } }, {
      prune: { pattern: '30 4 * * *', timeZone: 'UTC' }
    })
    await live(bench, 20)
    const before = await present(bench)
    assert.deepEqual(before, [...before].slice(-8), 'pruned as usual')
    bench.source.bytes = prose(10_000)
    await live(bench, 20)

    const after = await present(bench)
    assert.deepEqual(
      before.filter(id => !after.includes(id)),
      before.slice(0, before.length - 7),
      'nothing that was good when the attack came'
    )
    const suspects = after.filter(id => !before.includes(id))
    assert.ok(suspects.length >= 8 && suspects.length <= 11, `${suspects.length} suspects`)
    for (const id of suspects) {
      assert.match((await bench.engine.backup(id)).suspicion?.reasons.join() ?? '', /fell by 90 %/)
    }
    const statuses = new Set((await bench.runs()).slice(1).map(({ status }) => status))
    assert.deepEqual([...statuses], ['done'], 'backups and prunes go on')

    for (const id of suspects) await bench.engine.release(id, 'ann')
    // So much goes at once now that an admin has to say so.
    await live(bench, 11)
    await (await bench.engine.prune({ dryRun: false, force: true })).result
    await live(bench, 1)
    const last = await present(bench)
    assert.ok(last.every(id => id > Math.max(...before)) && last.length <= 9, last.join(' '))
  })

  test(`after an attack that was put right pruning goes on once the suspects are deleted, kept by ${name}`, async t => {
    const bench = await schedulerBench(t, { inMemory: true, policies: { shop: policy } }, {
      prune: { pattern: '30 4 * * *', timeZone: 'UTC' }
    })
    await live(bench, 12)
    const before = await present(bench)
    bench.source.bytes = prose(10_000)
    await live(bench, 3)
    const suspects = (await present(bench)).filter(id => !before.includes(id))
    bench.source.bytes = prose(100_000)
    for (const id of suspects) await (await bench.engine.remove(id, { force: false })).result
    await live(bench, 12)
    const last = await present(bench)
    assert.ok(last.every(id => id > Math.max(...suspects)) && last.length <= 9, last.join(' '))
  })
}
