/** Text stays the bytes that it is in the file: they may be no valid text, and must be kept all the same. */
export interface Text {
  readonly text: Buffer
}

/** A value as the file holds it. undefined: its bytes are gone. */
export type Value = null | bigint | number | Text | Buffer | undefined

/**
 * The lengths of the first serial types: null, integers of 1, 2, 3, 4, 6 and 8 bytes, a float, and the constants 0
 * and 1.
 */
const LENGTHS = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0] as const
const [FLOAT, ZERO, ONE, FIRST_BLOB] = [7, 8, 9, 12]

/**
 * Takes a record apart, https://sqlite.org/fileformat2.html, "Record Format". `total` is the length it has by its cell;
 * where `bytes` are fewer, the values beyond them are undefined. undefined: it is no record.
 */
export function readRecord (bytes: Buffer, total: number): Value[] | undefined {
  const head = readVarint(bytes, 0)
  if (head === undefined || head.value > BigInt(bytes.length) || head.value < 1n) return undefined
  const end = Number(head.value)
  const types: number[] = []
  let at = head.next
  while (at < end) {
    const type = readVarint(bytes, at)
    if (type === undefined || type.next > end || type.value > 0xffff_ffffn) return undefined
    types.push(Number(type.value))
    at = type.next
  }
  const values: Value[] = []
  for (const type of types) {
    const length = lengthOf(type)
    if (length === undefined || at + length > total) return undefined
    values.push(at + length > bytes.length ? undefined : valueOf(type, bytes.subarray(at, at + length)))
    at += length
  }
  return at === total ? values : undefined
}

/** A whole number of up to nine bytes, the first with the highest bits; undefined: the bytes end before it does. */
export function readVarint (
  bytes: Buffer,
  start: number
): { readonly value: bigint, readonly next: number } | undefined {
  const first = bytes[start]
  if (first !== undefined && first < 0x80) return { value: BigInt(first), next: start + 1 }
  let value = 0n
  for (let i = 0; i < 9; i++) {
    const byte = bytes[start + i]
    if (byte === undefined) return undefined
    if (i === 8) return { value: value << 8n | BigInt(byte), next: start + 9 }
    value = value << 7n | BigInt(byte & 0x7f)
    if (byte < 0x80) return { value, next: start + i + 1 }
  }
  return undefined
}

function lengthOf (type: number): number | undefined {
  if (type >= FIRST_BLOB) return Math.floor((type - FIRST_BLOB) / 2)
  return LENGTHS[type]
}

function valueOf (type: number, bytes: Buffer): Value {
  if (type >= FIRST_BLOB) return type % 2 === 0 ? bytes : { text: bytes }
  if (type === 0) return null
  if (type === FLOAT) return bytes.readDoubleBE(0)
  if (type === ZERO) return 0n
  if (type === ONE) return 1n
  return bytes.length === 8 ? bytes.readBigInt64BE(0) : BigInt(bytes.readIntBE(0, bytes.length))
}
