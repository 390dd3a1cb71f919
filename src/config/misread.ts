import type { Field } from '../core/ports/field.ts'
import type { Problem } from './problem.ts'
import type { RawValue } from './raw-value.ts'

const OPENING = /^["'`]/
/** The same quote at both ends: only these are certain in a secret, which may hold any character. */
const QUOTED = /^(["'`]).*\1$/s
const PLACEHOLDER = /\$\{|\$\(|\{\{/
const WHOLE_PLACEHOLDER = /^(?:\$\{[^{}]*\}|\$\([^()]*\)|\{\{[^{}]*\}\})$/
const VARIABLE = /^\$[A-Za-z_]/
const HOME = /^~[^/]*(?:\/|$)/
const DATABASE_URL = /^(?:file|(?:jdbc:)?sqlite3?(?:\+\w+)?|libsql):/i
const ANY_URL = /^[a-z][a-z0-9+.-]*:\/\//i
const DRIVE = /^[a-z]:[\\/]/i
const BLANK_AT_THE_ENDS = /^\s|\s$/
const COMMENT = /\s#(?:\s|$)/
// eslint-disable-next-line no-control-regex -- these are what is looked for
const CONTROL = /[\u0000-\u001f\u007f]/

type Misreading = Omit<Problem, 'name'>

/**
 * Why a value cannot be meant as it is written: it holds what only a shell, a template or another file format would
 * have taken out, such as quotes, `~`, `${…}` or a URL in place of a path. undefined: it can. A server's record and the
 * content of a file are exact; YAML has taken its comments out itself. Never shows a secret.
 */
export function misreading ({ value, origin, file }: RawValue, kind: Field<unknown>['kind']): Misreading | undefined {
  if (origin === 'server' || file !== undefined) return undefined
  const texts = (Array.isArray(value) ? value : [value]).filter(one => typeof one === 'string')
  for (const text of texts) {
    const found = kind === 'path' ? inPath(text, origin) : kind === 'value' ? inValue(text) : inSecret(text)
    if (found !== undefined) return found
  }
  return undefined
}

function inPath (text: string, origin: RawValue['origin']): Misreading | undefined {
  const refuse = (reason: string, remedy: string): Misreading => ({ problem: `"${text}" ${reason}`, remedy })
  const common = inValue(text)
  if (common !== undefined) return common
  if (VARIABLE.test(text)) {
    return refuse(
      'begins with a variable, which is not replaced here',
      'Write the path out; "./$…" is a file whose name begins with "$".'
    )
  }
  if (HOME.test(text)) {
    return refuse(
      'begins with "~", which only a shell replaces',
      'Write the path of the home directory out; "./~…" is a file whose name begins with "~".'
    )
  }
  if (DATABASE_URL.test(text)) {
    return refuse(
      'is a URL and not a path',
      'Give the path alone, such as /srv/app.db or ./app.db, without a scheme and parameters.'
    )
  }
  if (ANY_URL.test(text)) {
    return refuse('is a URL and not a path', 'Give the path of a file or directory of this machine.')
  }
  if (DRIVE.test(text)) {
    return refuse('is a path of Windows', 'Give the path that this machine has for it, such as /mnt/c/app.db.')
  }
  if (BLANK_AT_THE_ENDS.test(text)) return refuse('begins or ends with a blank', 'Leave the blank out.')
  if (CONTROL.test(text)) return refuse('holds a line end or another control character', 'Give one path.')
  if (origin === 'environment' && COMMENT.test(text)) {
    return refuse('holds a comment, which would be part of the path', 'Move what begins with "#" to a line of its own.')
  }
  return undefined
}

function inValue (text: string): Misreading | undefined {
  if (OPENING.test(text)) {
    return {
      problem: `${text} begins with a quote, which would be part of the value`,
      remedy: 'Leave the quotes out; where a tool passes them on, such as docker --env-file, none are needed.'
    }
  }
  if (PLACEHOLDER.test(text)) {
    return {
      problem: `"${text}" holds a placeholder that is not replaced here`,
      remedy: 'Write the value out, or let the shell or the tool that starts the service replace it.'
    }
  }
  return undefined
}

function inSecret (text: string): Misreading | undefined {
  if (QUOTED.test(text)) {
    return {
      problem: 'is in quotes, which would be part of it',
      remedy: 'Leave the quotes out; a value that has them is given in a file.'
    }
  }
  if (WHOLE_PLACEHOLDER.test(text)) {
    return {
      problem: 'is a placeholder that is not replaced here',
      remedy: 'Write the value out, or give it in a file.'
    }
  }
  return undefined
}
