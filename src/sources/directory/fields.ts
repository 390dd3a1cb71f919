import { choice, documentOrList, flag, path, type FieldProblem, type FieldValues } from '../../core/ports/field.ts'
import { CHANGE_POLICIES, UNREADABLE_POLICIES, type ReadOptions } from './protocol.ts'

/**
 * The fields that a source of the kind has in holdfast.yaml: the directory or file, and how it is read. `exclude`:
 * patterns as in a `.gitignore`.
 */
export const DIRECTORY_FIELDS = {
  path,
  exclude: documentOrList,
  oneFileSystem: flag,
  xattrs: flag,
  onUnreadable: choice(UNREADABLE_POLICIES),
  onChange: choice(CHANGE_POLICIES)
} as const

export type DirectoryValues = FieldValues<typeof DIRECTORY_FIELDS>

/** How a source with these values is read: fields that it leaves out have their defaults. */
export function readOptions ({
  exclude = '',
  oneFileSystem = false,
  xattrs = false,
  onUnreadable = 'fail',
  onChange = 'report'
}: DirectoryValues): ReadOptions {
  return { exclude, oneFileSystem, xattrs, onUnreadable, onChange }
}

/** What is wrong with the values together: a path that is too large, patterns that leave nothing. */
export function validateDirectory ({ path: place, exclude }: DirectoryValues): ReadonlyArray<
  FieldProblem<keyof typeof DIRECTORY_FIELDS>
> {
  const problems: Array<FieldProblem<keyof typeof DIRECTORY_FIELDS>> = []
  if (place === '/') {
    problems.push({
      field: 'path',
      problem: 'is the root of the file system',
      remedy: 'Set it to the directory that the application uses.'
    })
  }
  if (
    exclude?.split(/\r?\n/).some(line => /^(?:\/|\*|\*\*|\/\*|\/\*\*)$/.test(line.trim())) === true &&
    !exclude.includes('!')
  ) {
    problems.push({
      field: 'exclude',
      problem: 'leaves out everything',
      remedy: 'Remove the pattern that every name matches, or add a pattern that begins with "!".'
    })
  }
  return problems
}
