import type { ChangeCount } from '../core/catalog/change-count.ts'
import type { Connection } from './connection.ts'

type Counts = Awaited<ReturnType<ChangeCount['read']>>

/** `catalog_changes` in SQLite, which triggers count. */
export function changeCountOf (connection: Connection): ChangeCount {
  const read = connection.database.prepare<[], Counts>('SELECT changes, saved FROM catalog_changes')
  const saved = connection.database.prepare('UPDATE catalog_changes SET saved = max(saved, ?)')
  return {
    read: () => connection.read(() => read.get() ?? { changes: 0, saved: 0 }),
    saved: changes =>
      connection.write(() => {
        saved.run(changes)
      })
  }
}
