import { randomBytes } from 'node:crypto'
import { printableLines } from '../core/printable.ts'
import type { Stream } from './output.ts'

// Noncharacters, and a number that nobody outside of this process knows: no data can pass for a sequence of ours.
const [BEGIN, END] = [`\ufdd0${randomBytes(8).toString('hex')}`, '\ufdd1']
const OWN = new RegExp(`${BEGIN}([^${END}]*)${END}`)

/** A control sequence of ours, marked, so that the edge lets it through. */
export function own (sequence: string): string {
  return `${BEGIN}${sequence}${END}`
}

/** To the beginning of the line, and clear it from there. */
export const BEGIN_LINE = own('\r')
export const CLEAR_LINE = own('\u001b[K')

/**
 * The one way out to standard output and standard error. Whatever a view forgot, no control character gets through but
 * the line end, the tab, and what is marked by `own`: paths, names of tables and processes, manifests and messages come
 * from others.
 */
export function throughEdge (stream: Stream): Stream {
  return {
    get isTTY () {
      return stream.isTTY === true
    },
    // Asked anew each time: a terminal may be resized.
    get columns () {
      return stream.columns
    },
    write: text => stream.write(atEdge(textOf(text))),
    writeData: data => stream.write(stream.isTTY === true ? atEdge(textOf(data)) : data)
  }
}

function textOf (data: string | Uint8Array): string {
  return typeof data === 'string' ? data : Buffer.from(data).toString()
}

function atEdge (text: string): string {
  return text.split(OWN).map((part, index) => index % 2 === 0 ? printableLines(part) : part).join('')
}
