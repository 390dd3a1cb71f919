import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { CLOCK_SKEW, isFromFuture } from '../../core/backup/backup.ts'
import type { TimeOrigin } from '../../core/backup/import-record.ts'
import { timeInName } from '../../core/backup/name-time.ts'
import { BackupError, systemCode } from '../../core/errors.ts'
import type { Codec } from '../../core/ports/codec.ts'
import { SEAL_EXTENSIONS } from '../../core/ports/encryption.ts'
import type { Importer, ImportForm } from '../../core/ports/source.ts'
import { manifestKey } from '../../core/backup/object-key.ts'
import type { ProtectedSource } from '../../core/protected-source.ts'
import { zoneOf } from '../../core/zone.ts'
import type { EngineDeps } from '../deps.ts'
import { requireKind } from '../require-kind.ts'

export interface ImportChoice {
  readonly source: string
  /** Absolute. */
  readonly path: string
  /** The time of the data. Default: the time in the name of the file, otherwise its last modification. */
  readonly at?: Date | undefined
  /** The zone in which a time in a name is read, by its name in the IANA database. */
  readonly timeZone: string
}

/** A file that can be imported, as far as is known without reading it. */
export interface ImportPlan {
  /** Absolute. */
  readonly path: string
  readonly source: string
  readonly kind: string
  readonly form: ImportForm
  /** null: the file is not compressed. */
  readonly codec: Codec | null
  /** Files next to it that are read together with it. Absolute. */
  readonly companions: readonly string[]
  /** The time of the data, and where it comes from. */
  readonly at: Date
  readonly timeFrom: TimeOrigin
  /** Bytes of the file, with its companions. */
  readonly size: number
  readonly modified: Date
  readonly importer: Importer
}

/**
 * Decides how a file is imported, and for which time. Reads none of its content. Throws `OBJECT_NOT_FOUND`,
 * `SOURCE_UNREADABLE`, `IMPORT_UNSUPPORTED` for a file that the source cannot import, and `VALIDATION_FAILED` for a
 * file of Holdfast or of a source itself, and for a time that cannot be that of the data.
 */
export async function planImport (
  deps: EngineDeps,
  { source }: ProtectedSource,
  choice: ImportChoice
): Promise<ImportPlan> {
  const { path } = choice
  const { size, mtime } = await statsOf(path)
  await requireOther(deps, path)
  const { form, codec, importer } = await formOf(deps, source, path)
  const companions: string[] = []
  let sum = size
  for (const suffix of codec === null ? form.companions : []) {
    const found = await stat(path + suffix).catch(() => undefined)
    if (found?.isFile() !== true || found.size === 0) continue
    companions.push(path + suffix)
    sum += found.size
  }
  const { name, kind } = source
  const time = timeOf(deps, choice, mtime)
  return { path, source: name, kind, form, codec, companions, ...time, size: sum, modified: mtime, importer }
}

async function statsOf (path: string): Promise<{ readonly size: number, readonly mtime: Date }> {
  const found = await stat(path).catch((error: unknown) => {
    throw fileError(error, path)
  })
  if (found.isFile()) return found
  throw new BackupError('OBJECT_NOT_FOUND', `"${path}" is not a file`, { hint: 'Correct the path.' })
}

/** The error of the system for a file that is imported. */
export function fileError (error: unknown, path: string): unknown {
  const code = systemCode(error) ?? ''
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new BackupError('OBJECT_NOT_FOUND', `"${path}" does not exist`, { hint: 'Correct the path.', cause: error })
  }
  if (code !== 'EACCES' && code !== 'EPERM') return error
  return new BackupError('SOURCE_UNREADABLE', `this user has no permission to read "${path}"`, {
    hint: 'Give this user read permission on the file and search permission on its directories.',
    cause: error
  })
}

/** A backup of Holdfast has a manifest, and needs no import; a live database is backed up and not imported. */
async function requireOther (deps: EngineDeps, path: string): Promise<void> {
  if (await stat(manifestKey(path)).then(() => true, () => false)) {
    throw new BackupError('VALIDATION_FAILED', `"${path}" is a backup of Holdfast, with its manifest next to it`, {
      hint: 'Use "holdfast rebuild" to add the backups in a directory or a bucket to the catalog.'
    })
  }
  const owner = await deps.ownerOf(path)
  if (owner === undefined || (owner.source !== null && !owner.isItself)) return
  throw new BackupError('VALIDATION_FAILED', `"${path}" is ${owner.what}`, {
    hint: 'Give a file that another program made as a backup; "holdfast backup" makes a backup of a source.'
  })
}

interface Formed {
  readonly form: ImportForm
  readonly codec: Codec | null
  readonly importer: Importer
}

async function formOf (
  deps: EngineDeps,
  { name, kind, importer }: ProtectedSource['source'],
  path: string
): Promise<Formed> {
  const { label } = requireKind(deps, kind)
  if (importer === undefined) {
    throw new BackupError('IMPORT_UNSUPPORTED', `the source "${name}" (${label}) cannot import files`, {
      hint: 'Give the name of another source.'
    })
  }
  const forms = await importer.forms()
  const file = basename(path).toLowerCase()
  const codec = Object.values(deps.codecs).find(known => known !== null && endsWith(file, known.extension)) ?? null
  const [plain, plainCodec] = endsWith(file, '.tgz') ? [file.replace(/\.tgz$/, '.tar'), deps.codecs.gzip] : [
    codec === null ? file : file.slice(0, -codec.extension.length),
    codec
  ]
  // The content of a source can itself be compressed: then a file of the same extension is taken as it is.
  const found = [
    { form: forms.find(form => hasExtension(form, file)), codec: null },
    { form: forms.find(form => hasExtension(form, plain) || hasName(form, plain)), codec: plainCodec }
  ].find(({ form }) => form !== undefined)
  if (found?.form !== undefined) return { form: found.form, codec: found.codec, importer }
  const known = forms.map(({ label, extensions, names = [] }) =>
    `${label} (${[...extensions, ...names.map(name => `${name}…`)].join(', ')})`
  ).join(' or ')
  throw new BackupError('IMPORT_UNSUPPORTED', reasonFor(file, path, `${label} "${name}"`), {
    hint: `The source "${name}" imports a ${known}, also with .gz or .zst at the end. The file is unchanged.`
  })
}

function hasExtension ({ extensions }: ImportForm, file: string): boolean {
  return extensions.some(extension => endsWith(file, extension))
}

/** An encrypted file has not the format that its name begins with. */
function hasName ({ names = [] }: ImportForm, file: string): boolean {
  return names.some(name => file.startsWith(name)) && !isEncrypted(file)
}

function isEncrypted (file: string): boolean {
  return Object.values(SEAL_EXTENSIONS).some(extension => endsWith(file, extension))
}

function endsWith (file: string, extension: string): boolean {
  return file.length > extension.length && file.endsWith(extension)
}

/** Why no form fits, where the name of the file shows it. */
function reasonFor (file: string, path: string, source: string): string {
  if (isEncrypted(file)) {
    return `"${path}" is encrypted: decrypt it first`
  }
  if (endsWith(file, '.dump')) {
    return `"${path}" is a dump of "pg_dump": this version has no kind of source for PostgreSQL that could import it`
  }
  return `"${path}" is not a file that the ${source} can import`
}

function timeOf (
  { clock }: EngineDeps,
  { path, at, timeZone }: ImportChoice,
  modified: Date
): Pick<ImportPlan, 'at' | 'timeFrom'> {
  requireZone(timeZone)
  const named = at === undefined ? timeInName(basename(path), timeZone) : undefined
  const time = at ?? named ?? new Date(Math.floor(modified.getTime()))
  const timeFrom = at !== undefined ? 'option' : named !== undefined ? 'name' : 'modified'
  const origin = { option: 'the time given with --at', name: 'the time in its name', modified: 'its last change' }
  if (isFromFuture(time, clock.now())) {
    throw new BackupError(
      'VALIDATION_FAILED',
      `"${path}": ${origin[timeFrom]}, ${time.toISOString()}, is in the future`,
      { hint: 'Give the time of the data with --at, or the zone of the name with --time-zone.' }
    )
  }
  if (time.getTime() - modified.getTime() > CLOCK_SKEW) {
    throw new BackupError(
      'VALIDATION_FAILED',
      `"${path}": ${origin[timeFrom]}, ${time.toISOString()}, is after its last change, ${modified.toISOString()}`,
      {
        hint:
          'The data cannot be newer than the file. Give the time of the data with --at, or the zone of the name with --time-zone.'
      }
    )
  }
  return { at: time, timeFrom }
}

function requireZone (timeZone: string): void {
  try {
    zoneOf(timeZone)
  } catch (cause) {
    throw new BackupError('VALIDATION_FAILED', `"${timeZone}" is not the name of a time zone`, {
      hint: 'Give a name of the IANA database, such as "Europe/Vienna" or "UTC".',
      cause
    })
  }
}
