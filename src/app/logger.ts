import { styleText, type InspectColor } from 'node:util'
import pino, { type Logger } from 'pino'
import type { Config } from '../config/config.ts'
import { printable, printableLines } from '../core/printable.ts'

/** Where log lines go. */
export interface LogStream {
  readonly isTTY?: boolean | undefined
  write(text: string): unknown
}

/** Logs to standard output: one JSON object a line, or text for people. */
export function makeLogger (
  { logLevel: level, logFormat }: Pick<Config, 'logLevel' | 'logFormat'>,
  stream?: LogStream
): Logger {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime }
  const out = stream ?? process.stdout
  if (logFormat === 'pretty' || (logFormat === 'auto' && out.isTTY === true)) {
    return pino(options, {
      write: line => {
        out.write(prettyLine(line, out.isTTY === true ? paint : plain))
      }
    })
  }
  return stream === undefined ? pino(options) : pino(options, stream)
}

type Paint = (colour: InspectColor, text: string) => string

const plain: Paint = (_colour, text) => text

/** `NO_COLOR` and the like are obeyed. */
const paint: Paint = (colour, text) => styleText(colour, text, { stream: process.stdout })

/** By pino's numbers (https://getpino.io/#/docs/api?id=level-string). */
const LEVELS: Readonly<Record<number, readonly [name: string, colour: InspectColor]>> = {
  10: ['TRACE', 'gray'],
  20: ['DEBUG', 'gray'],
  30: ['INFO', 'green'],
  40: ['WARN', 'yellow'],
  50: ['ERROR', 'red'],
  60: ['FATAL', 'red']
}

/**
 * A line of pino as text: time, level and message, then every other key with its value, then the stack of an error.
 * Whatever comes from outside is made safe for a terminal.
 */
export function prettyLine (line: string, paint: Paint = plain): string {
  const { level, time, msg = '', ...others } = JSON.parse(line) as {
    readonly level: number
    readonly time: string
    readonly msg?: string
    readonly err?: unknown
  }
  const { stack: trace, facts } = withoutStack(others)
  const [name, colour] = LEVELS[level] ?? [String(level), 'gray']
  const known = Object.entries(facts).map(([key, value]) => ` ${printable(key)}=${inWord(value)}`).join('')
  const stack = trace === undefined ? '' : `\n${printableLines(trace).replaceAll(/^/gm, '    ')}`
  return `${paint('gray', time)} ${paint(colour, name.padEnd(5))} ${printable(msg)}${paint('gray', known)}${stack}\n`
}

/**
 * The stack of the error apart from the facts. What else the error has, such as its code, stays a fact, and so does
 * whatever was thrown that is no error. Type and message are in the stack.
 */
function withoutStack ({ err, ...facts }: Readonly<Record<string, unknown>>): {
  readonly stack: string | undefined
  readonly facts: Readonly<Record<string, unknown>>
} {
  if (typeof err !== 'object' || err === null || !('stack' in err) || typeof err.stack !== 'string') {
    return { stack: undefined, facts: err === undefined ? facts : { ...facts, err } }
  }
  const { stack, type, message, ...others } = err as Readonly<Record<string, unknown>> & { readonly stack: string }
  return { stack, facts: Object.keys(others).length === 0 ? facts : { ...facts, err: others } }
}

/** A text that is one word as it is, everything else as JSON. */
function inWord (value: unknown): string {
  return printable(typeof value === 'string' && /^[^\s"={}]+$/.test(value) ? value : JSON.stringify(value))
}
