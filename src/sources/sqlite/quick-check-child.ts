import { constants, setPriority } from 'node:os'
import { systemCode } from '../../core/errors.ts'
import { realPathSync } from '../../files/real-path.ts'
import { runChild } from '../child.ts'
import { sourceError } from './errors.ts'
import { beFrugal, openShared } from './open.ts'
import type { QuickCheckMessage, QuickCheckTask } from './quick-check.ts'

await runChild<QuickCheckTask, QuickCheckMessage>(async ({ path, busyTimeout }, send) => {
  // Nobody waits for it, and it reads the whole file.
  setPriority(constants.priority.PRIORITY_LOW)
  await send({ type: 'checked', finding: check(path, busyTimeout) })
})

function check (path: string, busyTimeout: number): string | null {
  try {
    const db = openShared(realPathSync(path), { readonly: true, busyTimeout })
    try {
      beFrugal(db)
      const found = String(db.pragma('quick_check(1)', { simple: true }))
      return found === 'ok' ? null : found
    } finally {
      db.close()
    }
  } catch (error) {
    if (/^SQLITE_(?:CORRUPT|NOTADB)/.test(systemCode(error) ?? '')) return (error as Error).message
    throw sourceError(error, path)
  }
}
