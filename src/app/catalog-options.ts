import { join } from 'node:path'
import type { CatalogOptions } from '../catalog/index.ts'
import { ROOT } from './version.ts'
import type { Opened } from './wiring.ts'

/** The API's thread waits for another process no longer than this. Milliseconds. */
const BUSY_TIMEOUT = 2000

/** How this program opens its catalog. */
export function catalogOptions ({ signing, presence, clock }: Pick<
  Opened,
  'signing' | 'presence' | 'clock'
>): CatalogOptions {
  return {
    busyTimeoutMs: BUSY_TIMEOUT,
    clock,
    presence,
    judgeKey: key => signing.judgeKey(key),
    migrationsDir: join(ROOT, 'migrations')
  }
}
