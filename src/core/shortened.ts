/**
 * `text` cut to `limit` characters, with the number of those left out: for text from a database, a file or another
 * process, which may be of any length. A character of two code units is not cut in half.
 */
export function shortened (text: string, limit: number): string {
  if (text.length <= limit) return text
  const end = /[\uD800-\uDBFF]/.test(text[limit - 1] ?? '') ? limit - 1 : limit
  return `${text.slice(0, end)}… (${text.length - end} more characters)`
}
