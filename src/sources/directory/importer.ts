import { createReadStream } from 'node:fs'
import { chmod, chown, mkdir, rename, stat, utimes } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import { counted } from '../../core/counted.ts'
import { BackupError } from '../../core/errors.ts'
import type { Importer, ImportForm, PlainFile, PreparedImport, Source } from '../../core/ports/source.ts'
import { END_OF_ARCHIVE, padding } from '../../files/tar-blocks.ts'
import { atLocation } from '../at-location.ts'
import type { Entry } from './entry.ts'
import { extractTar } from './extract-tar.ts'
import { requireGnuTar } from './gnu-tar.ts'
import { cleanPath, ImportRules, namesOf } from './import-rules.ts'
import { MalformedError } from './malformed.ts'
import { attributesOf, memberHeader } from './member-header.ts'
import { directorySource, type DirectorySourceOptions } from './source.ts'
import type { Member } from './tar-member.ts'
import { TarScanner } from './tar-scanner.ts'

const TAR: ImportForm = { name: 'tar', label: 'tar archive', extensions: ['.tar'], companions: [] }
/** What the form of a single file is called. */
const FILE = 'file'
/** The bits of a mode that are permissions. */
const PERMISSIONS = 0o777
/** Bytes of a directory and of the end of the last block, for each member. */
const FOR_EACH = 4096

/**
 * Imports tar archives, or files where the source is a single file. An archive is read twice: once to check it, and
 * once to extract it into scratch space, with headers that are written again. The files are then read as those of the
 * source are.
 */
export function directoryImporter (options: DirectorySourceOptions): Importer {
  return {
    forms: () => formsOf(options.path),

    async prepare (plain, signal) {
      await requireGnuTar()
      if (plain.form.name === FILE) return await preparedFile(plain, options)
      try {
        const rules = new ImportRules()
        for await (const event of scanned(plain.path)) if (event.type === 'member') rules.require(event.member)
        if (rules.members === 0) throw new MalformedError('the archive has no members')
        await plain.requireRoom(rules.bytes + rules.members * FOR_EACH)
        const tree = join(plain.folder, 'tree')
        await mkdir(tree, { mode: 0o700 })
        const isOwnerKept = process.geteuid?.() === 0
        const hasAttributes = options.xattrs
        await extractTar(extractable(plain.path, hasAttributes), { cwd: tree, isOwnerKept, hasAttributes }, signal)
        const root = rootOf(rules.common, options.path)
        const path = root.length === 0 ? tree : join(tree, root)
        return {
          source: imported(directorySource({ ...options, path, exclude: '', onUnreadable: 'fail' }), options.path),
          notes: [
            ...root.length === 0 ? [] : [`the content of "${root}" in the archive is that of the source`],
            ...isOwnerKept ? [] : ['all files belong to the user of this command: only root can keep their owners'],
            ...rules.leftOut === 0 ? [] : [`${counted(rules.leftOut, 'device or FIFO', 'devices and FIFOs')} left out`]
          ]
        }
      } catch (error) {
        if (!(error instanceof MalformedError)) throw error
        throw new BackupError('IMPORT_REFUSED', `"${plain.name}" is damaged or unsafe: ${error.message}`, {
          hint: 'Import another file.',
          cause: error
        })
      }
    }
  }
}

/** What a source at this path can import. Where nothing is at the path, it may have been either. */
async function formsOf (path: string): Promise<readonly ImportForm[]> {
  const extension = extname(path).toLowerCase()
  const file: ImportForm = {
    name: FILE,
    label: 'single file',
    extensions: extension === '' ? [] : [extension],
    names: [basename(path).toLowerCase()],
    companions: []
  }
  const found = await stat(path).catch(() => undefined)
  if (found === undefined) return extension === '' ? [TAR] : [TAR, file]
  return found.isFile() ? [file] : [TAR]
}

/** The file under the name of the source, with the mode, the time and, for root, the owner of the file itself. */
async function preparedFile (
  { path: content, folder, name, modified }: PlainFile,
  options: DirectorySourceOptions
): Promise<PreparedImport> {
  const tree = join(folder, 'tree')
  await mkdir(tree, { mode: 0o700 })
  const path = join(tree, basename(options.path))
  await rename(content, path)
  const { mode, uid, gid } = await stat(name)
  const isRoot = process.geteuid?.() === 0
  if (isRoot) await chown(path, uid, gid)
  await chmod(path, mode & PERMISSIONS)
  await utimes(path, modified, modified)
  return {
    source: imported(directorySource({ ...options, path, exclude: '', onUnreadable: 'fail' }), options.path),
    notes: isRoot ? [] : ['the file belongs to the user of this command: only root can keep its owner']
  }
}

type Scanned =
  | { readonly type: 'member', readonly member: Member }
  | { readonly type: 'data', readonly data: Buffer }
  | { readonly type: 'end', readonly member: Member }

async function* scanned (path: string): AsyncGenerator<Scanned, void> {
  let found: Scanned[] = []
  const scanner = new TarScanner({
    onMember: member => found.push({ type: 'member', member }),
    onData: data => found.push({ type: 'data', data }),
    onEnd: member => found.push({ type: 'end', member })
  })
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    scanner.write(chunk)
    yield* found
    found = []
  }
  scanner.end()
}

/** The archive again, checked member by member, with headers of this program. */
async function* extractable (path: string, hasAttributes: boolean): AsyncGenerator<Buffer, void> {
  const rules = new ImportRules()
  let isTaken = false
  for await (const event of scanned(path)) {
    if (event.type === 'member') {
      isTaken = rules.require(event.member)
      if (!isTaken) continue
      yield memberHeader(entryOf(event.member), hasAttributes ? attributesOf(event.member.records) : undefined)
    } else if (isTaken) yield event.type === 'data' ? event.data : padding(event.member.stored)
  }
  yield END_OF_ARCHIVE
}

function entryOf (member: Member): Entry {
  const { path, size, stored, mtime, mode, uid, gid, target, isSparse } = member
  const type = member.type as Entry['type']
  return {
    path: cleanPath(path, path),
    type,
    size,
    stored,
    mtime: String(mtime),
    ctime: '0',
    mode,
    uid,
    gid,
    dev: '0',
    ino: '0',
    ...target !== null && { target: type === 'hardlink' ? cleanPath(target, path) : target },
    ...isSparse && { sparse: true as const },
    in: 0
  }
}

/**
 * The directory of the archive that is the source: scripts give tar the path of the directory, or a part of it, so it
 * is the longest beginning of what all members have in common with which the path of the source ends. Empty: the
 * archive itself.
 */
function rootOf (common: readonly Buffer[], source: string): string {
  const names = namesOf(Buffer.from(source.replace(/^\/+|\/+$/g, ''))).map(name => name.toString('latin1'))
  for (let length = Math.min(common.length, names.length); length > 0; length--) {
    const root = common.slice(0, length).map(name => name.toString('latin1'))
    if (root.join('/') === names.slice(-length).join('/')) return Buffer.from(root.join('/'), 'latin1').toString()
  }
  return ''
}

/** The tree in scratch space, as a state of the source itself, and in no chain: no increment is built on it. */
function imported (copy: Source, location: string): Source {
  return atLocation(copy, location, outcome => ({ ...outcome, link: null }))
}
