import { BackupError } from '../core/errors.ts'

/** Reads JSON that we wrote. `CATALOG_CORRUPT` where it is none: then something else wrote it. */
export function fromJson<T> (text: string, what: string): T {
  try {
    return JSON.parse(text) as T
  } catch (cause) {
    throw new BackupError('CATALOG_CORRUPT', `${what} in the catalog is not JSON`, { cause })
  }
}

export function toDate (text: string): Date
export function toDate (text: string | null): Date | null
export function toDate (text: string | null): Date | null {
  return text === null ? null : new Date(text)
}
