import { z } from 'zod'

/**
 * Where the time of an imported backup comes from: an option of the command, the name of the file, or its last
 * modification.
 */
export const TIME_ORIGINS = ['option', 'name', 'modified'] as const
export type TimeOrigin = typeof TIME_ORIGINS[number]

/** The field `imported` of the manifest: the file of another program from which the backup was made. */
export const importRecordSchema = z.strictObject({
  /** When it was imported. `startedAt` and `completedAt` of the manifest are the time of the data. */
  at: z.iso.datetime(),
  /** The name of the file, without its directory. */
  file: z.string().min(1),
  /** The format of its plain content, as the kind of source names it: `sqlite`, `sql`, `tar`, `file`. */
  form: z.string().min(1),
  /** Bytes and digest of its content once decompressed, followed by that of the files next to it that were read. */
  size: z.int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  timeFrom: z.enum(TIME_ORIGINS)
})

export type ImportRecord = z.infer<typeof importRecordSchema>
