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
      'begins with a variable, which is not expanded here',
      'Write the complete path. For a file whose name begins with "$", write "./$…".'
    )
  }
  if (HOME.test(text)) {
    return refuse(
      'begins with "~", which only a shell expands',
      'Write the path of the home directory. For a file whose name begins with "~", write "./~…".'
    )
  }
  if (DATABASE_URL.test(text)) {
    return refuse(
      'is a URL, not a path',
      'Give only the path, such as /srv/app.db or ./app.db, without a scheme and parameters.'
    )
  }
  if (ANY_URL.test(text)) {
    return refuse('is a URL, not a path', 'Give the path of a file or directory of this machine.')
  }
  if (DRIVE.test(text)) {
    return refuse('is a Windows path', 'Give the corresponding path on this machine, such as /mnt/c/app.db.')
  }
  if (BLANK_AT_THE_ENDS.test(text)) return refuse('begins or ends with a space', 'Remove the space.')
  if (CONTROL.test(text)) return refuse('contains a line break or another control character', 'Give one path.')
  if (origin === 'environment' && COMMENT.test(text)) {
    return refuse('contains a comment, which would be part of the path', 'Move the comment to its own line.')
  }
  return undefined
}

function inValue (text: string): Misreading | undefined {
  if (OPENING.test(text)) {
    return {
      problem: `${text} begins with a quote, which would be part of the value`,
      remedy: 'Remove the quotes. Some tools, such as docker --env-file, pass quotes on unchanged.'
    }
  }
  if (PLACEHOLDER.test(text)) {
    return {
      problem: `"${text}" contains a placeholder, which is not expanded here`,
      remedy: 'Write the value, or let the shell or the tool that starts the service expand it.'
    }
  }
  return undefined
}

function inSecret (text: string): Misreading | undefined {
  if (QUOTED.test(text)) {
    return {
      problem: 'is in quotes, which would be part of it',
      remedy: 'Remove the quotes. If they belong to the value, give the value in a file.'
    }
  }
  if (WHOLE_PLACEHOLDER.test(text)) {
    return {
      problem: 'is a placeholder, which is not expanded here',
      remedy: 'Write the value, or give it in a file.'
    }
  }
  return undefined
}
