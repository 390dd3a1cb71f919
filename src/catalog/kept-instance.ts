import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { SettingsStore } from '../core/catalog/catalog.ts'
import { systemCode } from '../core/errors.ts'
import { instanceId } from '../core/instance.ts'
import { giveToFolderOwnerSync } from '../files/folder-owner.ts'

/** In DATA_DIR: the id of this installation, for a catalog that has to be made again. */
export const INSTANCE_FILE = 'instance-id'

/**
 * The id of this installation. The catalog's holds; a new catalog takes that in the file, so that an installation which
 * lost its catalog alone still owns its stores. The file follows the catalog. Where it cannot be written, the catalog
 * alone has it.
 */
export async function keptInstanceId (dataDir: string, settings: Pick<SettingsStore, 'instanceId'>): Promise<string> {
  const path = join(dataDir, INSTANCE_FILE)
  const kept = read(path)
  const id = await settings.instanceId(kept)
  if (id !== kept) write(path, id)
  return id
}

function read (path: string): string | undefined {
  try {
    const parsed = instanceId.safeParse(readFileSync(path, 'utf8').trim())
    return parsed.success ? parsed.data : undefined
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'EACCES') return undefined
    throw error
  }
}

function write (path: string, id: string): void {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
  try {
    const fd = openSync(temporary, 'wx', 0o600)
    try {
      giveToFolderOwnerSync(fd, dirname(path))
      writeSync(fd, `${id}\n`)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    if (!['EACCES', 'EROFS', 'EPERM', 'ENOSPC', 'ENOENT'].includes(systemCode(error) ?? '')) throw error
  }
}
