import { z } from 'zod'
import { ERRORS, type ErrorCode } from '../core/errors.ts'

/** A time as the API writes it: UTC with milliseconds. */
export const instant = z.iso.datetime({ precision: 3 })
export const bytes = z.int().nonnegative()
export const count = z.int().nonnegative()
export const errorCode = z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]).meta({
  id: 'ErrorCode',
  description: 'Stable; see docs/errors.md.'
})

/** A time as the API writes it; nothing stays nothing. */
export function iso (time: Date | null): string | null {
  return time === null ? null : time.toISOString()
}
