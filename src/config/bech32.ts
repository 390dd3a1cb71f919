const LETTERS = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3] as const
const CHECKSUM = 6

/**
 * Whether `text` is 32 bytes in Bech32 (BIP 173) with `prefix` before the last "1": what keys of age are. Finds out every
 * letter that was mistyped. All of it is in one case, as age writes it.
 */
export function isKeyOf (prefix: string, text: string): boolean {
  if (text !== text.toLowerCase() && text !== text.toUpperCase()) return false
  const lower = text.toLowerCase()
  if (!lower.startsWith(`${prefix}1`)) return false
  const values = Array.from(lower.slice(prefix.length + 1), letter => LETTERS.indexOf(letter))
  if (values.includes(-1)) return false
  // 32 bytes are 52 groups of 5 bits, the last four bits of which are padding.
  if (values.length !== 52 + CHECKSUM || ((values[51] ?? 0) & 0b1111) !== 0) return false
  return polymod([...expanded(prefix), ...values]) === 1
}

function expanded (prefix: string): number[] {
  const codes = Array.from(prefix, letter => letter.charCodeAt(0))
  return [...codes.map(code => code >> 5), 0, ...codes.map(code => code & 31)]
}

function polymod (values: readonly number[]): number {
  return values.reduce((sum, value) => {
    const top = sum >>> 25
    return GENERATOR.reduce((next, term, bit) => (top >> bit & 1) === 1 ? next ^ term : next, (sum & 0x1ffffff) << 5 ^ value)
  }, 1)
}
