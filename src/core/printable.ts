/**
 * What would move the cursor, change colours, or turn the direction of writing around: C0, DEL, C1, the separators of
 * lines and paragraphs, the marks of bidirectional text.
 */
const UNPRINTABLE = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

/** Text that somebody else wrote, made safe to show on a terminal, on one line. */
export function printable (text: string): string {
  return text.replaceAll(UNPRINTABLE, found => found === '\n' || found === '\t' ? ' ' : '\ufffd')
}

/** The same for text of ours, which has lines, with whatever of somebody else's is in it. */
export function printableLines (text: string): string {
  return text.replaceAll(UNPRINTABLE, found => found === '\n' || found === '\t' ? found : '\ufffd')
}

/**
 * JSON in ASCII where a terminal would obey: what `JSON.stringify` leaves as it is, although it is no character to look
 * at.
 */
export function printableJson (json: string): string {
  return json.replaceAll(
    UNPRINTABLE,
    found => found === '\n' || found === '\t' ? found : `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`
  )
}
