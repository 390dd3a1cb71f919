import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { shortened } from '../core/shortened.ts'
import { giveToFolderOwnerSync } from '../files/folder-owner.ts'

/**
 * Added to the path of the catalog: the file is there while damage was found and nobody has looked at the whole since.
 */
const SUFFIX = '.damaged'
/** Characters that are kept of the finding. */
const LENGTH = 500

/**
 * Records that the catalog at `path` was found damaged, so that the next opening looks at the whole of it. Never
 * throws: a disk that takes nothing must not hide the damage itself.
 */
export function markDamaged (path: string, finding: string): void {
  try {
    const fd = openSync(path + SUFFIX, 'w', 0o600)
    try {
      giveToFolderOwnerSync(fd, dirname(path))
      writeFileSync(fd, `${shortened(finding, LENGTH)}\n`)
    } finally {
      closeSync(fd)
    }
  } catch {}
}

/** The finding that is recorded of the catalog at `path`; undefined: none. */
export function markedDamage (path: string): string | undefined {
  try {
    return readFileSync(path + SUFFIX, 'utf8').trim()
  } catch {
    return undefined
  }
}

export function clearDamage (path: string): void {
  rmSync(path + SUFFIX, { force: true })
}
