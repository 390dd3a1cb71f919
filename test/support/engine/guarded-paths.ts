import { mkdirSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { pathOwner } from '../../../src/engine/restore/target-guard.ts'
import { tempDir } from '../temp-dir.ts'

/** A place with everything that a restore must not touch, and a directory beside it where it may write. */
export function house (t: TestContext) {
  const home = realpathSync(tempDir(t))
  for (
    const directory of [
      'data/processes',
      'data/compiled',
      'backups',
      'stores/far',
      'allowed/deep',
      'elsewhere',
      'www/site/a'
    ]
  ) {
    mkdirSync(join(home, directory), { recursive: true })
  }
  const at = (path: string): string => join(home, path)
  const places = {
    databases: [{ path: at('data/holdfast.db'), what: 'the catalog' }],
    own: [
      { path: at('data'), what: 'the data directory' },
      { path: at('backups'), what: 'the directory of the backups' },
      { path: at('stores/far'), what: 'the store "far"' },
      { path: at('allowed/.env'), what: 'a file that configures the service' }
    ],
    sources: [
      ...Object.entries({
        shop: 'allowed/shop.db',
        odd: 'allowed/odd-wal',
        inner: 'data/inner.db',
        led: 'allowed/led.db'
      }).map(([name, path]) => ({ name, location: at(path), noun: 'database' })),
      { name: 'site', location: at('www/site'), noun: 'directory' }
    ],
    suffixes: ['-wal', '-shm', '-journal']
  }
  return { at, whose: (path: string) => pathOwner(at(path), places) }
}
