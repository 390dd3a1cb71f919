import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { tellPlanted } from '../support/fault-count.ts'
import { filesIn } from '../support/engine/engine.ts'
import { filesOfGrowing } from '../support/engine/growing.ts'
import { openGrowing } from '../support/engine/growing-process.ts'
import { tempDir } from '../support/temp-dir.ts'

const CHILD = new URL('./kill-child.ts', import.meta.url).pathname
const GRACE = 10_000

/** Kills itself at the border; returns whether it came to its end. */
async function run (home: string, killAt: number): Promise<boolean> {
  try {
    await promisify(execFile)(process.execPath, [CHILD, home, 'increment', String(killAt)])
    return true
  } catch (error) {
    if ((error as { signal?: string }).signal === 'SIGKILL') return false
    throw error
  }
}

/** What is left is whole: every row has its files and no other file exists, and the newest increment is valid. */
async function assertWhole (home: string): Promise<void> {
  const { engine, close } = await openGrowing(home)
  try {
    const { backups } = await engine.backups({ source: 'notes', limit: 500 })
    const completed = backups.filter(({ status }) => status === 'completed')
    assert.deepEqual(backups.filter(({ status }) => status === 'in_progress'), [])
    assert.deepEqual(filesIn(`${home}/backups`).filter(name => name.includes('notes')), filesOfGrowing(...completed))
    assert.deepEqual(completed.map(({ link }) => link?.depth), [...completed.keys()].toReversed())
    assert.deepEqual(completed.slice(1).map(({ id }) => id), completed.slice(0, -1).map(({ parentId }) => parentId))
    const { verification } = await (await engine.verify(completed[0]!.id)).result
    assert.ok(verification.valid, JSON.stringify(verification.checks))
  } finally {
    await close(GRACE)
  }
}

test('after a kill -9 at any border between the steps of an increment it is whole or gone, and the chain goes on', async t => {
  const home = tempDir(t)
  const { engine, close } = await openGrowing(home)
  await (await engine.create({ source: 'notes', type: 'manual' })).result
  await close(GRACE)
  let kills = 0
  while (!await run(home, kills)) {
    kills++
    await assertWhole(home)
  }
  await assertWhole(home)
  assert.ok(kills > 10, `only ${kills} borders`)
  tellPlanted(t, 'kill -9 within an increment', kills, kills)
})
