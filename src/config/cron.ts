import { Cron } from 'croner'
import { z } from 'zod'
import type { Field } from '../core/ports/field.ts'

const BETWEEN = ';'

const onePattern = z.string().transform(text => text.trim().split(/\s+/).join(' ')).refine(comesRound)

/** When something is done: five fields, and no seconds. */
export const cronPattern: Field<string> = {
  kind: 'value',
  schema: onePattern,
  fromText: text => text,
  expects: 'a cron pattern of five fields (no seconds) that matches some date, such as "30 4 * * *"'
}

/** One or several of them: a list, or a text with semicolons in between, which is what comes out. */
export const cronPatterns: Field<string> = {
  ...cronPattern,
  schema: z.preprocess(value => typeof value === 'string' ? splitPatterns(value) : value, z.array(onePattern).min(1))
    .transform(patterns => patterns.join(`${BETWEEN} `)),
  expects: `${cronPattern.expects}, or several separated by "${BETWEEN}"`
}

/**
 * What a word stands for: on Sundays, every day, on the first of the month, each after the backups and the prune of the
 * night.
 */
const NAMED: Readonly<Record<string, string>> = { daily: '0 6 * * *', weekly: '0 6 * * 0', monthly: '0 6 1 * *' }
/** Never by itself. */
export const OFF = 'off'

/** When drills are made: a pattern, a word for one, or `off`. */
export const drillTimes: Field<string> = {
  ...cronPattern,
  schema: z.preprocess(
    value => typeof value === 'string' ? NAMED[value] ?? value : value,
    z.union([z.literal(OFF), onePattern])
  ),
  expects: `${cronPattern.expects}, or one of ${[...Object.keys(NAMED), OFF].join(', ')}`
}

export function splitPatterns (text: string): string[] {
  return text.split(BETWEEN).map(part => part.trim()).filter(part => part !== '')
}

/** There is no 30 February to wait for. The time to look from is of no account: what comes round ever does again. */
function comesRound (pattern: string): boolean {
  try {
    return pattern.split(' ').length === 5 &&
      new Cron(pattern, { paused: true, utcOffset: 0, mode: '5-part' }).nextRun(new Date(0)) !== null
  } catch {
    // croner throws what it cannot read.
    return false
  }
}
