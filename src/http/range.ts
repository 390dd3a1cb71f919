import type { ByteRange } from '../core/ports/store.ts'

/**
 * The one range that a `Range` header asks for, as RFC 9110 reads it. undefined: send everything, because there is no
 * header, more than one range, or nothing that can be understood. null: the range lies outside the object.
 */
export function parseRange (header: string | undefined, size: number): ByteRange | null | undefined {
  const [, first, last] = /^bytes=(\d{0,15})-(\d{0,15})$/i.exec(header?.trim() ?? '') ?? []
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined
  if (first === '') {
    const length = Math.min(Number(last), size)
    return length === 0 ? null : { start: size - length, end: size - 1 }
  }
  const start = Number(first)
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (last !== '' && Number(last) < start) return undefined
  return start >= size ? null : { start, end }
}

/** Whether a list of entity tags, or `*`, holds this one. Weak tags compare as their strong form. */
export function hasTag (header: string | undefined, etag: string): boolean {
  if (header === undefined) return false
  return header.trim() === '*' || header.split(',').some(tag => tag.trim().replace(/^W\//, '') === etag)
}
