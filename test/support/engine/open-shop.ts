import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { openEngine, type OpenedEngine } from '../../../src/app/open-engine.ts'
import { loadConfig } from '../../../src/config/load.ts'

const silent = { debug () {}, info () {}, warn () {}, error () {} }

/** The real engine on the database `shop.db` in `home`, closed when the test ends. */
export async function openShop (
  t: Pick<TestContext, 'after'>,
  home: string,
  environment: Readonly<Record<string, string>> = {}
): Promise<OpenedEngine> {
  const opened = await openEngine(loadConfig({ DATABASE_PATH: join(home, 'shop.db'), ...environment }, home), {
    logger: silent
  })
  t.after(() => opened.close(0))
  return opened
}
