import { toBackupError } from '../../core/errors.ts'
import { statIfThere } from './access.ts'
import { about, type Finding } from './finding.ts'
import type { Examination } from './context.ts'

/**
 * Whether what SQLite keeps beside each database can only be what lies beside its path, and the links on the way there
 * are followed.
 */
export const examineNames: Examination = async ({ sources, requireOwnFile }) =>
  (await Promise.all(sources.map(async ({ name, path }): Promise<Finding[]> => {
    const { ok, fail } = about('name', name)
    try {
      requireOwnFile(path)
      if (await statIfThere(path) === undefined) return []
      return [ok('no other name of the database is in use, and no process keeps its "-wal" elsewhere')]
    } catch (thrown) {
      const { message, hint } = toBackupError(thrown)
      return [fail(message, hint ?? 'Give the path that the application uses.')]
    }
  }))).flat()
