import assert from 'node:assert/strict'
import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { test, type TestContext } from 'node:test'
import type { Backup } from '../../../src/core/backup/backup.ts'
import { readMoney, TOTAL } from '../../support/databases/money.ts'
import { setScene, type SetScene } from '../../support/engine/set-engine.ts'

const WRITER = new URL('../../support/databases/payload-writer.ts', import.meta.url).pathname
const SETS = `\
sets:
  elspeth:
    members: [payloads, audit]
    references: { sql: SELECT payload FROM call, directory: payloads }
`
/** So many sets are made while the application writes, and while hooks hold it. */
const [WRITTEN, HELD] = [1, 2]

/** Rows of the restored backup whose files it does not have; its money is complete. */
async function missing ({ home, rows, engine }: SetScene, { id }: Backup): Promise<readonly string[]> {
  const target = join(home, 'restored')
  await (await engine.restore(id, { target })).result
  const names = rows(join(target, 'audit.db'))
  assert.ok(names.length > 0)
  assert.deepEqual(readMoney(join(target, 'audit.db')), { sum: TOTAL, integrity: 'ok' })
  const found = names.filter(name => !existsSync(join(target, 'payloads', name)))
  rmSync(target, { recursive: true })
  return found
}

/** Uses the set of an application that is at work meanwhile. */
async function whileWriting (
  t: TestContext,
  use: (scene: SetScene, writer: ChildProcessByStdio<null, Readable, null>) => Promise<void>
): Promise<void> {
  const scene = await setScene(t, SETS)
  const writer = spawn(process.execPath, [WRITER, scene.app], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exit = once(writer, 'exit')
  try {
    await once(writer.stdout, 'data')
    await use(scene, writer)
  } finally {
    writer.kill('SIGKILL')
    await exit
  }
}

test('while an application removes payloads and transfers money, a set is whole or marked, and it is whole when it only adds', async t => {
  await whileWriting(t, async (scene, writer) => {
    let marked = 0
    for (let count = 0; count < WRITTEN; count++) {
      const backup = await scene.create()
      assert.equal(backup.verification.status, 'valid')
      const lacking = await missing(scene, backup)
      assert.equal(lacking.length > 0, backup.suspicion !== null)
      if (backup.suspicion === null) continue
      marked++
      assert.match(backup.suspicion.reasons[0] ?? '', /rows of "audit" name files/)
    }
    t.diagnostic(`${marked} of ${WRITTEN} sets were marked`)
    writer.kill('SIGUSR1')
    await once(writer.stdout, 'data')
    const added = await scene.create()
    assert.deepEqual([added.suspicion, await missing(scene, added)], [null, []])
  })
})

test('while hooks hold an application that removes payloads, each set is whole', async t => {
  await whileWriting(t, async scene => {
    const { app, deps } = scene
    const sh = (command: string) => ['sh', '-c', command] as const
    Object.assign(deps.sources.get('elspeth')!, {
      hooks: {
        before: [sh(`touch ${app}/hold; until test -e ${app}/held; do sleep 0.01; done`)],
        after: [sh(`rm ${app}/hold; while test -e ${app}/held; do sleep 0.01; done`)],
        timeout: 60_000
      }
    })
    for (let count = 0; count < HELD; count++) {
      const backup = await scene.create()
      assert.deepEqual([backup.suspicion, await missing(scene, backup)], [null, []])
    }
    const { jobs: [, job] } = await scene.engine.jobs({ limit: 2 })
    const log = await scene.engine.jobOutput(job!.id)
    assert.ok(log.every(({ text }) => !text.startsWith('snapshot')), log.map(({ text }) => text).join())
  })
})
