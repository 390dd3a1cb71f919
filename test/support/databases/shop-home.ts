import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { workDir } from '../config/config.ts'
import { makeMoney } from './money.ts'

/** A directory with a database `shop.db`, and the environment that a command needs there. */
export interface ShopHome {
  readonly cwd: string
  readonly environment: Readonly<Record<string, string>>
}

/** The database is in rollback-journal mode, so that a process that holds it exclusively makes a backup wait. */
export function shopHome (t: Pick<TestContext, 'after'>): ShopHome {
  const cwd = workDir(t)
  makeMoney(join(cwd, 'shop.db'), { journalMode: 'delete', entries: 2000 })
  return { cwd, environment: { DATABASE_PATH: 'shop.db', SOURCE_BUSY_TIMEOUT_MS: '30000' } }
}
