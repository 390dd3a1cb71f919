import { lstatSync, readlinkSync, type Stats } from 'node:fs'
import { dirname, join, parse } from 'node:path'
import { BackupError, systemCode } from '../core/errors.ts'

/** Links on one way, as many as Linux follows. */
export const MOST_LINKS = 40
const ROOT = 0
const REMEDY =
  'Give the path to which the link points, or change the owner of the link ("chown -h") to root, the user of the service, the owner of its target, or the owner of the directory of the target file.'

/** What the refusal of a link is, for a database that is read or written and for a place that is written to. */
export type LinkRefusal = 'SOURCE_LINK_REFUSED' | 'RESTORE_TARGET_INVALID'

/** A symbolic link on a way. */
interface Link {
  readonly path: string
  readonly folder: string
  readonly target: string
  readonly uid: number
}

/**
 * Where the absolute `path` leads to, without a symbolic link in it, also where nothing is there yet. A link on the way
 * is followed only if it belongs to root, to the user of this process, or to the owner of what it leads to: a link of
 * another user could otherwise lead a service with more rights than its owner has to any file. A link to a file may
 * also belong to the owner of the folder in which that file lies, who can put another in its place anyway; a link to
 * nothing, to the owner of the folder in which the file would be made. Throws `code` otherwise. The way can change
 * afterwards: what is opened has to be compared with the result (`pathOf`).
 *
 * The rule is that of `SymLinksIfOwnerMatch`: https://httpd.apache.org/docs/2.4/mod/core.html#options, and of
 * `protected_symlinks`: https://docs.kernel.org/admin-guide/sysctl/fs.html
 */
export function followedPath (path: string, code: LinkRefusal = 'SOURCE_LINK_REFUSED'): string {
  const refuse = (link: string, why: string): never => {
    throw new BackupError(code, `"${path}" leads through the symbolic link "${link}", ${why}`, { hint: REMEDY })
  }
  return walk(parse(path).root, path, link => {
    if (link.uid === ROOT || link.uid === process.geteuid?.()) return
    const target = walk(link.folder, link.target, () => {}, () => link.path)
    const owner = ownerOf(target)
    if (owner !== link.uid && !(ifThere(target)?.isFile() === true && ownerOf(dirname(target)) === link.uid)) {
      refuse(
        link.path,
        `which belongs to user ${link.uid} and is not followed, because its target "${target}" belongs to user ${owner}`
      )
    }
  }, link => refuse(link, `and through more than ${MOST_LINKS} links in total`))
}

/**
 * Goes from `folder` along `path`, part by part as the system does, where `..` is the folder above the one that a link
 * led to. `onLink` is called for each link; `onLoop` returns the result where there are too many.
 */
function walk (folder: string, path: string, onLink: (link: Link) => void, onLoop: (link: string) => string): string {
  const rest = parts(path)
  let here = startOf(folder, path)
  let links = 0
  for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
    const next = name === '..' ? dirname(here) : join(here, name)
    const found = ifThere(next)
    if (found?.isSymbolicLink() !== true) {
      here = next
      continue
    }
    if (++links > MOST_LINKS) return onLoop(next)
    // What is looked at and what is followed is one text, which was read once: the link may be exchanged at any time.
    const target = readlinkSync(next)
    onLink({ path: next, folder: here, target, uid: found.uid })
    here = startOf(here, target)
    rest.unshift(...parts(target))
  }
  return here
}

function startOf (folder: string, path: string): string {
  return parse(path).root === '' ? folder : parse(path).root
}

function parts (path: string): string[] {
  return path.slice(parse(path).root.length).split('/').filter(name => name !== '' && name !== '.')
}

/** The owner of the file or folder, or of the nearest folder above it that exists. */
function ownerOf (path: string): number {
  return ifThere(path)?.uid ?? ownerOf(dirname(path))
}

function ifThere (path: string): Stats | undefined {
  try {
    return lstatSync(path)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return undefined
    throw error
  }
}
