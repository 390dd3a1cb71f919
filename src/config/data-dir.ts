import { lstatSync, readFileSync, statSync, type Stats } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { systemCode } from '../core/errors.ts'
import { COMPILED, OWN_FILES } from './data-files.ts'
import { problemsError, type Problem } from './problem.ts'

const GROUP_WRITE = 0o020
const OTHERS_WRITE = 0o002

/**
 * Whether somebody else could have put something into DATA_DIR: code for the compile cache, a secret that signs tokens,
 * a configuration. The directory must belong to this user or to root, and be writable for its owner alone; what the
 * service keeps in it must belong to this user, to root or to the owner of the directory. root accepts any owner of the
 * directory: it works beside a service of another user. A group of which the owner is the only member counts as the
 * owner. A sticky bit changes nothing: it does not keep others from adding files.
 *
 * Returns what is wrong, each with the command that mends it; nothing where there is no directory yet. Reads no
 * content.
 */
export function dataDirProblems (dataDir: string): readonly Problem[] {
  const user = process.getuid?.()
  const folder = statIfThere(dataDir, statSync)
  if (user === undefined || folder === undefined) return []
  const problem = (path: string, problem: string, remedy: string): Problem => ({
    name: 'DATA_DIR',
    problem: `"${path}" ${problem}`,
    remedy
  })
  const quoted = quote(dataDir)
  if (folder.uid !== user && folder.uid !== 0 && user !== 0) {
    return [
      problem(
        dataDir,
        `belongs to user ${folder.uid}`,
        `Run the command as that user ("sudo -u '#${folder.uid}' …"), or run "chown -R ${user} ${quoted}" if the service should run as user ${user}.`
      )
    ]
  }
  const writers = writersBeside(folder)
  if (writers !== null) {
    return [
      problem(
        dataDir,
        `is writable for ${writers}`,
        `Run "chmod go-w ${quoted}", and remove files in it that you do not know.`
      )
    ]
  }

  const trusted = [user, 0, folder.uid]
  return OWN_FILES.flatMap(name => {
    const path = join(dataDir, name)
    const found = statIfThere(path, lstatSync)
    if (found === undefined) return []
    const isCache = name === COMPILED
    const discard = `Run "rm -r ${quote(path)}": the service makes a new one.`
    if (!trusted.includes(found.uid)) {
      return [problem(
        path,
        `belongs to user ${found.uid}`,
        isCache
          ? discard
          : `Run "chown ${folder.uid} ${quote(path)}" if you know that its content is intact; otherwise remove it.`
      )]
    }
    const others = found.isSymbolicLink() ? null : writersBeside(found)
    if (others === null) return []
    return [
      problem(
        path,
        `is writable for ${others}`,
        isCache
          ? discard
          : `Run "chmod go-w ${quote(path)}" if you know that its content is intact; otherwise remove it.`
      )
    ]
  })
}

/** Throws `DATA_DIR_UNSAFE` where `dataDirProblems` finds something. */
export function requireSafe (dataDir: string): void {
  const problems = dataDirProblems(dataDir)
  if (problems.length > 0) throw problemsError({ code: 'DATA_DIR_UNSAFE', problems })
}

/** Who can write there beside the owner and root; null: nobody. */
export function writersBeside ({ mode, gid, uid }: Stats): string | null {
  if ((mode & OTHERS_WRITE) !== 0) return 'every user of this machine'
  return (mode & GROUP_WRITE) !== 0 && !isPrivateGroup(gid, uid) ? `group ${gid}` : null
}

/**
 * Whether no other user than `uid` and root is in the group, going by /etc/group and /etc/passwd (group(5), passwd(5)).
 * Where groups come from elsewhere as well (nsswitch.conf(5)), a group that these files do not name may have any
 * members.
 */
export function isPrivateGroup (gid: number, uid: number): boolean {
  const [groups, users] = [fieldsOf('/etc/group'), fieldsOf('/etc/passwd')]
  const mayBe = new Set(
    users.filter(fields => [uid, 0].includes(Number(fields[2]))).map(([name]) => name).concat(ownName(uid))
  )
  const group = groups.find(fields => Number(fields[2]) === gid)
  if (group === undefined && !groupsAreLocal()) return false
  const members = (group?.[3] ?? '').split(',').filter(name => name !== '')
  const primary = users.filter(fields => Number(fields[3]) === gid).map(([name = '']) => name)
  return [...members, ...primary].every(name => mayBe.has(name))
}

function ownName (uid: number): string {
  return uid === process.getuid?.() ? nameOfThisUser() : ''
}

function nameOfThisUser (): string {
  try {
    return userInfo().username
  } catch {
    // In a container the user may be a bare number that no file has a name for.
    return ''
  }
}

function groupsAreLocal (): boolean {
  const line = textOf('/etc/nsswitch.conf').split('\n').find(one => one.startsWith('group:')) ?? ''
  return line.slice('group:'.length).split(/\s+/).every(word => ['', 'files', 'compat', 'systemd'].includes(word))
}

function fieldsOf (path: string): string[][] {
  return textOf(path).split('\n').filter(line => line !== '').map(line => line.split(':'))
}

function textOf (path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // Not every system has it: then nothing is known from there.
    return ''
  }
}

function statIfThere (path: string, stat: (path: string) => Stats): Stats | undefined {
  try {
    return stat(path)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM'].includes(systemCode(error) ?? '')) return undefined
    throw error
  }
}

/** For a shell. */
export function quote (path: string): string {
  return /^[\w/.:@%+-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`
}
