import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setStage, writeState, type SetStage } from './set-stage.ts'

const CHILD = join(import.meta.dirname, 'set-restore-child.ts')
/** Borders of each member: of its record, of its restore, and of its record again. */
export const [EACH, MEMBERS] = [6, 4]

export interface Killing extends SetStage {
  /** Restores in a process of its own, which is killed at that border, and leaves the members in the state of then. */
  killAt(border: number): void
  /** The names in the directory of the application, but for what SQLite keeps next to a database. */
  names(): readonly string[]
}

/** Members in the state `after`, of which a verified backup is made. */
export async function killing (t: TestContext): Promise<Killing> {
  const stage = await setStage(t)
  const { home, app, id, engine, clock } = stage
  const safety = await (await engine.create({ source: 'app', type: 'manual', verify: true })).result
  return {
    ...stage,
    killAt (border) {
      clock.move(1000)
      writeState(home, 'after')
      const args = [CHILD, home, String(id), String(safety.id), String(border)]
      const { signal, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
      assert.equal(signal, 'SIGKILL', `border ${border}: ${stderr}`)
    },
    names: () => readdirSync(app).filter(name => !/-(?:wal|shm)$/.test(name))
  }
}
