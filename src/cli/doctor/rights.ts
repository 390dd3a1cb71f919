import { USE, may, nearestExisting, statIfThere } from '../../files/access.ts'
import { about, type Finding } from './finding.ts'
import type { Examination } from './context.ts'

/** Whether the user of this process may do what the service has to do. */
export const examineRights: Examination = async ({ backupDir, dataDir, scratchDir }) => {
  const places = [['BACKUP_DIR', backupDir], ['DATA_DIR', dataDir], ['SCRATCH_DIR', scratchDir]] as const
  return [
    ...await examineUser(dataDir),
    ...await Promise.all(places.map(([variable, path]) => examineDirectory(variable, path)))
  ]
}

/** What this process may do says nothing of the service where that runs as somebody else. */
async function examineUser (dataDir: string): Promise<Finding[]> {
  const user = process.getuid?.()
  const owner = (await statIfThere(dataDir))?.uid
  if (user === undefined || owner === undefined) return []
  if (user === owner) return [about('user').ok(`this runs as user ${user}, who owns DATA_DIR`)]
  return [
    about('user').warn(
      `this runs as user ${user}, but DATA_DIR belongs to user ${owner}: the rights found here may not be those of the service`,
      'Run this as the user that the service runs as.'
    )
  ]
}

async function examineDirectory (variable: string, path: string): Promise<Finding> {
  const { ok, fail } = about('rights')
  const found = await statIfThere(path)
  const remedy =
    `Give the user of the service read, write and search permission on it, or set ${variable} to another directory.`
  if (found === undefined) {
    const above = await nearestExisting(path)
    if (await may(above, USE)) return ok(`${variable} "${path}" is not there yet and can be made`)
    return fail(
      `${variable} "${path}" is not there, and this user must not make it in "${above}"`,
      'Make the directory, and give it to the user of the service.'
    )
  }
  if (!found.isDirectory()) return fail(`${variable} "${path}" is not a directory`, `Set ${variable} to a directory.`)
  return await may(path, USE)
    ? ok(`${variable} "${path}" can be read and written to`)
    : fail(`${variable} "${path}" must not be used by this user`, remedy)
}
