import { z } from 'zod'
import { TREE_ENTRY_TYPES, type TreeEntry } from '../core/restore/tree.ts'
import { bytes, instant } from './common.ts'

/** One file, directory or link in a backup. */
export const treeEntrySchema = z.object({
  path: z.string().meta({
    description: 'Relative to the source; `.` is the source itself. Bytes that are not UTF-8 are written as `\\x…`.'
  }),
  path64: z.string().nullable().meta({
    description: 'The bytes of a path that is not UTF-8, in base64; null: the path is UTF-8.'
  }),
  type: z.enum(TREE_ENTRY_TYPES).meta({ description: '`hardlink`: another name of the file `target`.' }),
  size: bytes.meta({ description: 'Of the content of a file; otherwise 0.' }),
  modified: instant,
  mode: z.string().regex(/^[0-7]{4}$/).meta({ description: 'The permission bits, in octal.' }),
  uid: z.int().nonnegative(),
  gid: z.int().nonnegative(),
  target: z.string().nullable().meta({ description: 'Where a link leads to; null: it is not a link.' }),
  sha256: z.string().nullable().meta({
    description: 'Of the content of a file, in hex; null for everything else, and for a file with holes.'
  }),
  unreadable: z.boolean().meta({
    description: 'Whether the content could not be read when the backup was made, and is not in it.'
  })
}).meta({ id: 'BackupFile' })

export function presentTreeEntry (entry: TreeEntry): z.infer<typeof treeEntrySchema> {
  const { path, pathBytes, type, size, modified, mode, uid, gid, target, sha256, isUnreadable } = entry
  return {
    path,
    path64: pathBytes?.toString('base64') ?? null,
    type,
    size,
    modified: modified.toISOString(),
    mode: mode.toString(8).padStart(4, '0'),
    uid,
    gid,
    target,
    sha256,
    unreadable: isUnreadable
  }
}
