import { z } from 'zod'
import { inSize } from '../../core/size.ts'
import type { TreeEntry, TreePage } from '../../core/restore/tree.ts'
import { presentTreeEntry, treeEntrySchema } from '../../present/tree.ts'
import type { Screen } from '../screen.ts'
import type { View } from '../shell.ts'
import { table, type Column } from '../table.ts'
import { inMinutes } from '../words.ts'

export const filesSchema = z.object({
  files: z.array(treeEntrySchema),
  more: z.boolean().meta({ description: 'Whether the backup has more files than these that match.' })
})

/** The letters of `ls -l`. */
const LETTERS: Readonly<Record<TreeEntry['type'], string>> = { file: '-', directory: 'd', symlink: 'l', hardlink: '-' }

/** Files in a backup, and whether there are more. */
export function viewFiles ({ entries, next }: TreePage): View {
  return {
    json: { files: entries.map(presentTreeEntry), more: next !== null },
    text: screen => {
      if (entries.length === 0) return 'no files\n'
      const more = next === null ? '' : 'There are more: give a pattern, or raise --limit.\n'
      return table(columns(screen), entries, screen) + more
    }
  }
}

function columns ({ colours }: Screen): ReadonlyArray<Column<TreeEntry>> {
  return [
    { title: 'MODE', cell: ({ type, mode }) => LETTERS[type] + mode.toString(8).padStart(4, '0') },
    { title: 'OWNER', cell: ({ uid, gid }) => `${uid}:${gid}`, expendable: 2 },
    { title: 'SIZE', align: 'right', cell: ({ type, size }) => type === 'file' ? inSize(size) : '' },
    { title: 'MODIFIED (UTC)', cell: ({ modified }) => inMinutes(modified), expendable: 1 },
    {
      title: 'PATH',
      cell: nameOf,
      isWhole: true,
      paint: (text, { isUnreadable }) => isUnreadable ? colours.red(text) : text
    }
  ]
}

function nameOf ({ path, type, target, isUnreadable }: TreeEntry): string {
  const link = target === null ? '' : type === 'symlink' ? ` → ${target}` : `, the same file as ${target}`
  return `${path}${type === 'directory' && path !== '.' ? '/' : ''}${link}${
    isUnreadable ? ' (not in the backup: unreadable)' : ''
  }`
}
