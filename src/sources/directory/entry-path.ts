/** The path of the directory of a source within its own backup. */
export const ROOT = Buffer.from('.')

const SLASH = 0x2f
const DOT = 0x2e

/**
 * Compares two relative paths in the order of a backup: name by name, as bytes, a directory before its content.
 * Negative: `a` comes first. The root comes before everything.
 */
export function comparePaths (a: Buffer, b: Buffer): number {
  const [lengthA, lengthB] = [a.equals(ROOT) ? 0 : a.length, b.equals(ROOT) ? 0 : b.length]
  const common = Math.min(lengthA, lengthB)
  for (let i = 0; i < common; i++) {
    const [x, y] = [a[i] ?? 0, b[i] ?? 0]
    if (x === y) continue
    // No name has the byte 0, so a slash takes its place: what ends first comes first.
    return (x === SLASH ? 0 : x) - (y === SLASH ? 0 : y)
  }
  return lengthA - lengthB
}

/**
 * Why `path` cannot be the path of an entry, as the end of a sentence; undefined: it can. Only a path that stays below
 * the root is one: relative, without empty names, `.` and `..`, and without the byte 0.
 */
export function pathProblem (path: Buffer): string | undefined {
  if (path.length === 0) return 'is empty'
  if (path[0] === SLASH) return 'is absolute'
  if (path.includes(0)) return 'contains the byte 0'
  if (path.equals(ROOT)) return undefined
  for (let start = 0; start <= path.length;) {
    const slash = path.indexOf(SLASH, start)
    const end = slash < 0 ? path.length : slash
    const length = end - start
    if (length === 0) return 'has an empty name in it'
    if (path[start] === DOT && (length === 1 || (length === 2 && path[start + 1] === DOT))) {
      return 'has "." or ".." in it'
    }
    start = end + 1
  }
  return undefined
}

/** The path of the directory that the path is in; of a name without a directory, the root. */
export function parentOf (path: Buffer): Buffer {
  const slash = path.lastIndexOf(SLASH)
  return slash < 0 ? ROOT : path.subarray(0, slash)
}

/** The path for people, on one line: bytes that are no printable UTF-8 become `\x…`. */
export function shownPath (path: Buffer): string {
  const text = path.toString('utf8')
  if (!text.includes('\ufffd')) return text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, escaped)
  return [...path].map(byte => byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : hex(byte)).join('')
}

function escaped (character: string): string {
  return [...Buffer.from(character)].map(hex).join('')
}

function hex (byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`
}
