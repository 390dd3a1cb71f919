import type { Readable } from 'node:stream'

const NEWLINE = 0x0a

/**
 * Gives each line of `input` to `onLine`, and calls `onTooLong` once, and nothing after it, where one is longer than
 * `limit` bytes.
 */
export function readLines (
  input: Readable,
  limit: number,
  onLine: (line: string) => void,
  onTooLong: () => void
): void {
  let parts: Buffer[] = []
  let length = 0
  input.on('data', (chunk: Buffer) => {
    let rest = chunk
    for (let end = rest.indexOf(NEWLINE); end >= 0 && length + end <= limit; end = rest.indexOf(NEWLINE)) {
      const line = Buffer.concat([...parts, rest.subarray(0, end)]).toString('utf8')
      parts = []
      length = 0
      rest = rest.subarray(end + 1)
      onLine(line)
    }
    parts.push(rest)
    length += rest.length
    if (length <= limit) return
    input.removeAllListeners('data').resume()
    onTooLong()
  })
  // The end of the process tells what a broken pipe would.
  input.on('error', () => {})
}
