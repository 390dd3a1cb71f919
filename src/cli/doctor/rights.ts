import { dirname } from 'node:path'
import { READ, USE, WRITE, may, nearestExisting, realPathOf, statIfThere } from './access.ts'
import { about, type Finding } from './finding.ts'
import { isWalDatabase } from './source-file.ts'
import type { Examination } from './context.ts'

/** Whether the user of this process may do what the service has to do. */
export const examineRights: Examination = async ({ backupDir, dataDir, scratchDir, sources }) => {
  const places = [['BACKUP_DIR', backupDir], ['DATA_DIR', dataDir], ['SCRATCH_DIR', scratchDir]] as const
  return [
    ...await examineUser(dataDir),
    ...await Promise.all(places.map(([variable, path]) => examineDirectory(variable, path))),
    ...await Promise.all(sources.map(examineSource))
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

async function examineSource ({ name, path }: { readonly name: string, readonly path: string }): Promise<Finding> {
  const { ok, warn, fail } = about('rights', name)
  const found = await statIfThere(path)
  if (found === undefined) {
    return fail(
      `the database "${path}" is not there`,
      'Correct the path of the source, or mount the disk that it is on.'
    )
  }
  if (!found.isFile()) {
    return fail(`"${path}" is not a file`, 'Name the database file itself as the path of the source.')
  }
  if (!await may(path, READ)) {
    return fail(
      `the database "${path}" must not be read by this user`,
      'Give the user of the service read permission on the file and search permission on its folders.'
    )
  }
  if (!await isWalDatabase(path)) return ok(`the database "${path}" can be read`)
  // Whoever reads a database in WAL mode takes part in its wal-index, or has to make it.
  const real = await realPathOf(path)
  const index = `${real}-shm`
  if (await may(index, READ | WRITE) || (await statIfThere(index) === undefined && await may(dirname(real), USE))) {
    return ok(`the database "${path}" can be read, and so can what is beside it`)
  }
  const remedy =
    'Give the user of the service write permission on the folder of the database and on the "-wal" and "-shm" in it, such as by a group.'
  if (await may(index, READ)) {
    return warn(
      `the "-shm" beside "${real}" can be read and not written to: a backup works only while the application has the database open`,
      remedy
    )
  }
  return fail(
    `the database "${path}" is in WAL mode, and this user must not use or make the "-shm" beside ${
      real === path ? 'it' : `"${real}", where it is`
    }`,
    remedy
  )
}
