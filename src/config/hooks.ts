import { z } from 'zod'
import { parseSpan } from '../core/duration.ts'
import type { Field } from '../core/ports/field.ts'
import { NO_HOOKS, type HookCommand, type Hooks } from '../core/hooks.ts'
import { checkGiven } from './checked-value.ts'
import type { Problem } from './problem.ts'
import { asMap, readMap } from './raw-map.ts'
import type { RawValue } from './raw-value.ts'

const LONGEST = 3_600_000

const commands: Field<readonly HookCommand[]> = {
  kind: 'value',
  schema: z.array(z.tuple([z.string().min(1)], z.string())),
  fromText: text => text,
  expects: 'a list of commands, each a list of a program and its arguments, such as [[docker, compose, stop, app]]'
}

const timeout: Field<number> = {
  kind: 'value',
  schema: z.string().transform((text, context) => {
    const ms = parseSpan(text, ['s', 'm'], 4)
    if (ms !== undefined && ms > 0 && ms <= LONGEST) return ms
    context.addIssue('no duration')
    return z.NEVER
  }),
  fromText: text => text,
  expects: 'a duration from 1s to 60m, such as 60s or 5m'
}

/** The map under `hooks` of a source. Reports every problem; a map with a problem gives no hooks. */
export function readHooks (given: RawValue | undefined, problems: Problem[]): Hooks {
  const map = given === undefined ? undefined : asMap(given, problems)
  if (given === undefined || map === undefined) return NO_HOOKS
  const before = problems.length
  const fields = readMap(
    map,
    { prefix: `${given.name}.`, base: given.base },
    ['before', 'after', 'timeout'],
    problems
  )
  const check = <T>(key: string, field: Field<T>): T | undefined => {
    const found = fields.get(key)
    return found === undefined ? undefined : checkGiven(field, found, problems)
  }
  const hooks = {
    before: check('before', commands) ?? NO_HOOKS.before,
    after: check('after', commands) ?? NO_HOOKS.after,
    timeout: check('timeout', timeout) ?? NO_HOOKS.timeout
  }
  return problems.length > before ? NO_HOOKS : hooks
}
