import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { statIfThere } from '../../files/access.ts'
import { about, type Finding } from './finding.ts'
import type { Examination, SecretFile } from './context.ts'

/** Bits of the mode: who may read the file, who may go through a folder above it. */
const OTHERS = { read: 0o004, search: 0o001 } as const
const GROUP = { read: 0o040, search: 0o011 } as const

/**
 * Whether other users of the machine can read what proves a token, and whether the secrets of the server are here, too.
 */
export const examineSecrets: Examination = async ({ secretFiles, lacks }) => {
  const findings = [...(await Promise.all(secretFiles.map(examineFile))).flat(), ...lacks.map(examineLack)]
  return findings.length > 0 ? findings : [about('secrets').ok('no secret is in a file')]
}

function examineLack (variable: string): Finding {
  return about('secrets').warn(
    `the server has ${variable}, and this command does not: checks and commands that need it cannot run here`,
    `Set ${variable} for the command too, preferably as a file for both with ${variable}_FILE.`
  )
}

async function examineFile ({ path, holds }: SecretFile): Promise<Finding[]> {
  const { ok, warn, fail } = about('secrets')
  const found = await statIfThere(path)
  if (found === undefined) return []
  const what = `"${path}", which holds ${holds.join(', ')},`
  const mode = Number(found.mode)
  const remedy = `Run "chmod 600 ${path}", and replace the secrets if another user may have read them.`
  if (await isOpenTo(path, mode, OTHERS)) return [fail(`${what} can be read by every user of this machine`, remedy)]
  const user = process.getuid?.()
  if (user !== undefined && ![0, user].includes(Number(found.uid))) {
    return [
      warn(
        `${what} belongs to user ${found.uid}, who can read and change it`,
        'Make the user of the service the owner of the file.'
      )
    ]
  }
  if (await isOpenTo(path, mode, GROUP)) return [warn(`${what} can be read by group ${found.gid}`, remedy)]
  return [ok(`${what} can be read only by its owner`)]
}

/**
 * A folder that is closed to them keeps everything in it from them, too: a home directory, or the secrets of a
 * container.
 */
async function isOpenTo (path: string, mode: number, { read, search }: typeof OTHERS | typeof GROUP): Promise<boolean> {
  if ((mode & read) === 0) return false
  for (let folder = dirname(path);; folder = dirname(folder)) {
    if (((await stat(folder)).mode & search) === 0) return false
    if (folder === dirname(folder)) return true
  }
}
