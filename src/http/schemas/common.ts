import { z } from 'zod'
import { isSourceName } from '../../core/backup/object-key.ts'
import { errorCode } from '../../present/common.ts'

export const success = z.literal(true)

/** The number in a path. Fifteen digits are far beyond any row and still exact. */
export const id = z.string()
  .regex(/^[1-9]\d{0,14}$/, 'expected a whole number of at least 1')
  .transform(Number)
  .meta({ type: 'integer', minimum: 1 })
export const idParams = z.strictObject({ id })

export const sourceName = z.string()
  .refine(isSourceName, 'expected the name of a source: letters, digits, ".", "_" and "-", at most 64')
  .meta({ description: 'Name of a source.' })

export const storeName = z.string()
  .refine(isSourceName, 'expected the name of a store: letters, digits, ".", "_" and "-", at most 64')
  .meta({ description: 'Name of a store.' })

/** Text that people wrote. */
export const description = z.string().max(1000)
  .refine(
    text => !text.includes('\0') && text.isWellFormed(),
    'expected text without null bytes and invalid characters'
  )

/** A time as a caller may write it: ISO 8601 with a zone. */
export const since = z.iso.datetime({ offset: true })
  .transform(text => new Date(text))
  .meta({ description: 'Only entries started at or after this time.' })

export const flag = z.enum(['true', 'false']).transform(text => text === 'true')

/** `cursor` is opaque to callers: the id that the next page lies below, in base64url. */
const cursor = z.string().max(64)
  .transform((text, context) => {
    const before = Buffer.from(text, 'base64url').toString('latin1')
    if (/^[1-9]\d{0,14}$/.test(before) && formatCursor(Number(before)) === text) return Number(before)
    context.addIssue({ code: 'custom', message: 'expected the nextCursor of an earlier response' })
    return z.NEVER
  })
  .meta({ description: 'The `nextCursor` of the previous page.' })

export const paging = {
  limit: z.coerce.number().int().min(1).max(500).default(50),
  cursor: cursor.optional()
}
export const nextCursor = z.string().nullable().meta({
  description: '`cursor` for the next page; null: this is the last page.'
})

export function formatCursor (before: number): string {
  return Buffer.from(String(before), 'latin1').toString('base64url')
}

/** An error as it is answered: RFC 9457, and what a program needs beside it. */
export const problemSchema = z.looseObject({
  type: z.string().meta({ description: 'The code as a URN.' }),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  instance: z.string().meta({ description: 'The requested path.' }),
  success: z.literal(false),
  code: errorCode,
  hint: z.string().optional().meta({ description: 'The remedy.' }),
  requestId: z.string(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional().meta({
    description: 'The invalid fields of the body or the query.'
  })
}).meta({ id: 'Problem' })
