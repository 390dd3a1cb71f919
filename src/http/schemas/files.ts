import { z } from 'zod'
import { treeEntrySchema } from '../../present/tree.ts'
import { nextCursor, sourceName, success } from './common.ts'

/** Characters of a pattern, and of a cursor: the longest path in base64. */
const LONGEST_PATTERN = 4096
const LONGEST_CURSOR = 6000

export const pathPattern = z.string().min(1).max(LONGEST_PATTERN)

export const filesQuery = z.strictObject({
  pattern: z.union([pathPattern.transform(one => [one]), z.array(pathPattern).max(20)]).optional().meta({
    description:
      'A path relative to the source; `*`, `?` and `[a-z]` match within a name, `**` any number of directories. A directory includes its content. May be repeated.'
  }),
  member: sourceName.optional().meta({ description: 'For a backup of a set: the member that has the files.' }),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: z.string().max(LONGEST_CURSOR).optional().meta({ description: 'The `nextCursor` of the previous page.' })
})

export const filesAnswer = z.object({
  success,
  files: z.array(treeEntrySchema).meta({ description: 'A directory comes before its content.' }),
  nextCursor
})

/** A file, for the document of the API. */
export const FILE_EXAMPLE = {
  path: 'payloads/2026/01/0001.json',
  path64: null,
  type: 'file',
  size: 1234,
  modified: '2026-01-04T18:11:02.000Z',
  mode: '0640',
  uid: 1000,
  gid: 1000,
  target: null,
  sha256: '00a9772f72e0a9b54f55a045ff37d2776b0d89815b65a4c87d654b2128396092',
  unreadable: false
} as const
