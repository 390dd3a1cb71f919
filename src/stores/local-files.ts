import type { Dirent } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** Every file below the directory, hidden ones too. */
export async function filesBelow (directory: string): Promise<Dirent[]> {
  const entries = await readdir(directory, { withFileTypes: true })
  const below = await Promise.all(entries.filter(isFolder).map(({ name }) => filesBelow(join(directory, name))))
  return [...entries.filter(entry => entry.isFile()), ...below.flat()]
}

/** Hidden folders, and the `lost+found` of a disk of its own, are not ours, and may be closed to us. */
function isFolder (entry: Dirent): boolean {
  return entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'lost+found'
}
