import { chmodSync, cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { gunzipSync } from 'node:zlib'
import Database from 'better-sqlite3'
import { openEngine, type OpenedEngine } from '../../../src/app/open-engine.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { tempDir } from '../temp-dir.ts'

const FIXTURE = join(import.meta.dirname, '../../fixtures/formats-1-2')
/** Where the installation was when it was made. */
const FORMER_HOME = '/tmp/holdfast-formats-1-2'
const silent = { debug () {}, info () {}, warn () {}, error () {} }

/**
 * `as recorded`: with the paths of its former home, as after a move. `in place`: with those of its present one.
 * `lost`: there is none.
 */
export type FormerCatalog = 'as recorded' | 'in place' | 'lost'

/** All keys of the sealed backups. */
export const FORMER_KEYS = {
  BACKUP_AGE_IDENTITY: formerKey('age-identity.txt'),
  BACKUP_ENCRYPTION_PASSPHRASE: formerKey('passphrase.txt'),
  BACKUP_OPENPGP_PRIVATE_KEYS: formerKey('openpgp-private.asc')
}

/** The text of a file of `keys`. */
export function formerKey (name: string): string {
  return readFileSync(join(FIXTURE, 'keys', name), 'utf8').trim()
}

/** The directory of a copy of the installation of test/fixtures/formats-1-2, with the rights that a service leaves. */
export function formerHome (t: Pick<TestContext, 'after'>, catalog: FormerCatalog): string {
  const home = tempDir(t)
  cpSync(join(FIXTURE, 'home'), home, { recursive: true })
  for (const name of readdirSync(home, { recursive: true, encoding: 'utf8' })) {
    const path = join(home, name)
    chmodSync(path, statSync(path).isDirectory() ? 0o700 : 0o600)
  }
  const path = join(home, 'data/holdfast.db')
  if (catalog !== 'lost') writeFileSync(path, gunzipSync(readFileSync(`${path}.gz`)), { mode: 0o600 })
  rmSync(`${path}.gz`)
  if (catalog === 'in place') {
    const database = new Database(path)
    database.prepare('UPDATE backup_log SET file_path = replace(file_path, ?, ?)').run(FORMER_HOME, home)
    database.prepare('UPDATE copies SET location = replace(location, ?, ?)').run(FORMER_HOME, home)
    database.close()
  }
  return home
}

/** The real engine on an installation, with its own holdfast.yaml and all keys, closed when the test ends. */
export async function openFormer (
  t: Pick<TestContext, 'after'>,
  home: string,
  environment: Readonly<Record<string, string>> = {}
): Promise<OpenedEngine> {
  const opened = await openEngine(loadConfig({ ...FORMER_KEYS, ...environment }, home), { logger: silent })
  t.after(() => opened.close(0))
  return opened
}
