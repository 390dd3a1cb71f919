import { bech32 } from '@scure/base'

/** How long a key of age is. Bytes. */
const LENGTH = 32

/**
 * Whether `text` is 32 bytes in Bech32 (BIP 173) with the lowercase `prefix` before the "1": what keys of age are. Its
 * checksum finds every letter that was mistyped. All of the text is in one case, as age writes it.
 */
export function isKeyOf (prefix: string, text: string): boolean {
  const decoded = bech32.decodeUnsafe(text)
  return decoded?.prefix === prefix && bech32.fromWordsUnsafe(decoded.words)?.length === LENGTH
}
