import { randomBytes } from 'node:crypto'
import { closeSync, fchmodSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { BackupError, systemCode } from '../core/errors.ts'
import { giveToFolderOwnerSync } from '../files/folder-owner.ts'
import { noRoom } from '../files/no-room.ts'
import { RECORD_FILE } from './data-files.ts'
import { OPTIONS, type OptionName } from './options.ts'
import type { Problem } from './problem.ts'
import { SECTIONS, type Section, type Json } from './sections.ts'

/** Raised when a reader that does not know the change would take something else for the configuration. */
const FORMAT = 1

/**
 * The configuration that the server runs with, as it stands in DATA_DIR for the commands that work there. Of a secret
 * it says that it is set, and in which file; never its value. Every path is absolute.
 */
export interface Recorded {
  /** Where the server has its DATA_DIR; a command may reach the same directory by another path, such as a mount. */
  readonly dataDir: string
  /** Options without secrets; null: not set, and nothing stands in for it. */
  readonly options: Readonly<Partial<Record<OptionName, Json>>>
  /** Secrets that are set; `file`: null where the value was given as itself. */
  readonly secrets: Readonly<Partial<Record<OptionName, { readonly file: string | null }>>>
  /** What holdfast.yaml says beside the options, as `sectionsOf` writes it. */
  readonly sections: Readonly<Partial<Record<Section, Json>>>
}

const recordSchema = z.object({
  format: z.literal(FORMAT),
  /** Of the program that wrote it. */
  version: z.string(),
  recordedAt: z.iso.datetime(),
  dataDir: z.string().startsWith('/'),
  options: z.partialRecord(z.enum(Object.keys(OPTIONS) as [OptionName]), z.json()).superRefine((options, context) => {
    for (const [name, value] of Object.entries(options) as Array<[OptionName, Json]>) {
      if (!OPTIONS[name].schema.safeParse(value ?? undefined).success) {
        context.addIssue({ code: 'custom', path: [name], message: `"${OPTIONS[name].variable}" is not valid` })
      }
    }
  }),
  secrets: z.partialRecord(
    z.enum(Object.keys(OPTIONS) as [OptionName]),
    z.strictObject({ file: z.string().startsWith('/').nullable() })
  ),
  sections: z.partialRecord(z.enum(SECTIONS), z.json())
})

/**
 * The record in `dataDir`; undefined: no server ever ran there. A problem where this user may not read it, where it is
 * damaged, and where a version wrote it that knows what this one does not. `dataDirProblems` must have found nothing
 * wrong before.
 */
export function readRecord (dataDir: string): { readonly recorded: Recorded | undefined } | {
  readonly unreadable: Problem
} {
  const path = join(dataDir, RECORD_FILE)
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(cause) ?? '')) return { recorded: undefined }
    return {
      unreadable: unreadable(
        `"${path}" cannot be read (${systemCode(cause) ?? 'unknown'})`,
        'Run the command as the user of the service'
      )
    }
  }
  const parsed = recordSchema.safeParse(fromJson(text))
  if (parsed.success) return { recorded: parsed.data }
  const [issue] = parsed.error.issues
  const where = issue === undefined || issue.path.length === 0 ? '' : ` at "${issue.path.join('.')}"`
  return {
    unreadable: unreadable(
      `"${path}" is damaged, or another version of this program wrote it${where}`,
      'Use the version of the server, or restart the server, which writes the file again'
    )
  }
}

/** Writes the record whole or not at all, durably, for its owner alone. */
export function writeRecord (record: Recorded, { version, at }: { readonly version: string, readonly at: Date }): void {
  const path = join(record.dataDir, RECORD_FILE)
  const unfinished = `${path}.${randomBytes(6).toString('hex')}.tmp`
  try {
    const fd = openSync(unfinished, 'wx', 0o600)
    try {
      fchmodSync(fd, 0o600)
      giveToFolderOwnerSync(fd, record.dataDir)
      writeFileSync(
        fd,
        `${JSON.stringify({ format: FORMAT, version, recordedAt: at.toISOString(), ...record }, undefined, 2)}\n`
      )
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(unfinished, path)
    const directory = openSync(record.dataDir, 'r')
    fsyncSync(directory)
    closeSync(directory)
  } catch (cause) {
    rmSync(unfinished, { force: true })
    throw noRoom(cause, record.dataDir, 'set DATA_DIR to a larger disk') ??
      new BackupError('CATALOG_FAILED', `"${path}" cannot be written (${systemCode(cause) ?? 'unknown'})`, {
        hint: 'Give the user of the service write permission on DATA_DIR.',
        cause
      })
  }
}

function fromJson (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function unreadable (problem: string, remedy: string): Problem {
  return {
    name: 'DATA_DIR',
    problem,
    remedy: `${remedy}; --ignore-server-config uses only the configuration of the command.`
  }
}
