import { path, whole, type FieldValues } from '../../core/ports/field.ts'

/** The fields that a SQLite source has in holdfast.yaml: where it is, and the milliseconds to wait for a lock. */
export const SQLITE_FIELDS = { path, busyTimeoutMs: whole(0, 600_000) } as const

export type SqliteValues = FieldValues<typeof SQLITE_FIELDS>
