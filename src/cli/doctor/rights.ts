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
  if (user === owner) return [about('user').ok(`the command runs as user ${user}, the owner of DATA_DIR`)]
  return [
    about('user').warn(
      `the command runs as user ${user}, but DATA_DIR belongs to user ${owner}: the permissions of the service may differ from those found here`,
      'Run the command as the user of the service.'
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
    if (await may(above, USE)) return ok(`${variable} "${path}" does not exist yet and can be created`)
    return fail(
      `${variable} "${path}" does not exist, and this user has no permission to create it in "${above}"`,
      'Create the directory, and make the user of the service its owner.'
    )
  }
  if (!found.isDirectory()) return fail(`${variable} "${path}" is not a directory`, `Set ${variable} to a directory.`)
  return await may(path, USE)
    ? ok(`${variable} "${path}" is readable and writable`)
    : fail(`${variable} "${path}" is not accessible to this user`, remedy)
}
