import { setTimeout as pause } from 'node:timers/promises'
import { counted } from '../../core/counted.ts'
import { BackupError } from '../../core/errors.ts'
import type { SnapshotFacts } from '../../core/ports/source.ts'
import { Archive } from './archive.ts'
import { Assembly } from './assembly.ts'
import { shownPath } from './entry-path.ts'
import type { Entry } from './entry.ts'
import { excluder } from './exclude.ts'
import { isClusterFile } from './database-inside.ts'
import { factsOf, type Passed } from './facts.ts'
import { requireGnuTar } from './gnu-tar.ts'
import { correctList, ListFile } from './list-file.ts'
import { ParentList } from './parent-list.ts'
import type { Place } from './place.ts'
import type { SnapshotTask } from './protocol.ts'
import { shortPath } from './short-path.ts'
import { isUnchanged, lookAgain, SETTLE_PAUSE, unreadableEntry } from './stored-entry.ts'
import { named, Tally } from './tally.ts'
import { startTar, type TarRun } from './tar-program.ts'
import { LinkTable, specialType, walk, type Found, type WalkReport } from './walk.ts'
import { wayTo } from './way.ts'

/** How often a file that keeps changing is read. */
const MOST_READS = 3
/** Names that are handed to tar at once, and names between two signs of life. */
const BATCH = 200
const SIGN_EVERY = 10_000

/** Reads a tree once, from the working directory: the archive goes out, the list is written, the facts are returned. */
export class TreeReader {
  readonly #task: SnapshotTask
  readonly #place: Place
  readonly #archive: Archive
  readonly #list: ListFile
  readonly #assembly: Assembly
  readonly #onWalking: () => Promise<void>
  readonly #passed = {
    unreadable: new Tally(),
    changed: new Tally(),
    leftOut: new Tally(),
    databases: new Tally(),
    vanished: 0,
    excluded: 0
  } satisfies Passed

  /** Files of which tar could not read a part. */
  readonly #lost = new Set<string>()
  /** A file cannot be read, and the backup must not go on without it. */
  #isGivenUp = false
  /** The archive cannot be passed on. */
  #isBroken = false
  #batch: Found[] = []
  #run: TarRun | undefined
  #received: Promise<boolean> | undefined

  constructor (task: SnapshotTask, place: Place, fd: number, onWalking: () => Promise<void>) {
    this.#task = task
    this.#place = place
    this.#onWalking = onWalking
    this.#archive = new Archive(fd)
    this.#list = new ListFile(task.list, task.depth)
    this.#assembly = new Assembly(task.depth, {
      onEntry: entry => {
        if ('line' in entry) {
          this.#list.addLine(entry)
        } else {
          this.#count(entry)
          this.#list.add(entry)
        }
      },
      onUnreadable: found => {
        this.#unreadable(found.path)
      },
      onVanished: () => {
        this.#passed.vanished++
      }
    })
  }

  /**
   * Rejects with `SOURCE_MISSING`, `SOURCE_UNREADABLE`, `SOURCE_CHANGED`, `SOURCE_TOOL_MISSING`, `SOURCE_FAILED`, and
   * with what the system throws.
   */
  async read (): Promise<SnapshotFacts> {
    const engine = await requireGnuTar(this.#task.tar)
    // What was changed before cannot be taken for a change of later.
    await pause(SETTLE_PAUSE)
    try {
      await this.#readTree()
      await this.#readAgain()
    } finally {
      this.#run?.kill()
    }
    const { inserted } = this.#assembly
    for (const entry of inserted) this.#count(entry)
    this.#requireStable()
    this.#archive.end()
    const written = this.#list.end()
    const list = inserted.length === 0 && this.#lost.size === 0
      ? written
      : await correctList(this.#task.list, this.#task.depth, inserted, this.#lost)
    if (list.totals.files + list.totals.directories === 0) throw this.#nothing()
    return factsOf(engine, this.#place.isFile, this.#task, list, this.#passed)
  }

  #count ({ path, flags }: Entry): void {
    if (flags?.includes('changed') === true) this.#passed.changed.add(shownPath(path))
  }

  async #readTree (): Promise<void> {
    const { oneFileSystem, exclude } = this.#task
    const parent = new ParentList(this.#task.parentList)
    let steps = 0
    const names = walk({
      top: this.#place.top,
      isExcluded: this.#place.isFile ? () => false : excluder(exclude),
      oneFileSystem,
      report: this.#report
    })
    for (const each of names) {
      if (++steps % SIGN_EVERY === 0) await this.#onWalking()
      if (this.#isBroken) break
      // In order to name all files that cannot be read, the walk goes on.
      if (this.#isGivenUp) continue
      const listed = parent.unchanged(each)
      if (listed !== undefined) {
        this.#assembly.add(listed)
        continue
      }
      const found = parent.find(each.path)
      const known = found instanceof Promise ? await found : found
      if (known !== undefined && isUnchanged(each, known)) {
        this.#assembly.add({ ...known, dev: String(each.stats.dev) })
      } else {
        this.#assembly.give(each)
        await this.#give(each, false)
      }
    }
    await this.#endRun()
    this.#requireReadable()
    if (steps === 0) throw this.#nothing()
  }

  /** Reads the files again that were changed while they were read, together with all names that they have. */
  async #readAgain (): Promise<void> {
    for (let reads = 2; reads <= MOST_READS; reads++) {
      const pending = this.#assembly.takePending()
      if (pending.length === 0) return
      await pause(SETTLE_PAUSE)
      const links = new LinkTable()
      for (const { path, type } of pending) {
        const found = this.#lookInTree(path)
        const special = found === undefined ? undefined : specialType(found.stats)
        if (type === 'directory' && found !== undefined && found.type !== 'directory') throw this.#exchanged(path)
        if (found === undefined || (found.type === 'directory' && type !== 'directory')) this.#passed.vanished++
        else if (special !== undefined) this.#passed.leftOut.add(`${shownPath(path)} (${special})`)
        else {
          const linked = links.withTarget(found)
          this.#assembly.giveAgain(linked)
          await this.#give(linked, reads === MOST_READS)
        }
      }
      await this.#endRun()
      this.#requireReadable()
    }
  }

  /**
   * undefined: it is gone. Throws `SOURCE_CHANGED` where a directory on the way is now a symbolic link: tar may have
   * read files of other places through it.
   */
  #lookInTree (path: Buffer): Found | undefined {
    const found = wayTo(path)
    if (found === undefined) return undefined
    if ('way' in found) {
      const again = lookAgain(path)
      return again && { ...again, way: found.way }
    }
    throw this.#exchanged(found.link)
  }

  #exchanged (directory: Buffer): BackupError {
    return new BackupError(
      'SOURCE_CHANGED',
      `the directory "${
        shortPath(directory)
      }" of "${this.#task.path}" was replaced by a link or a file during the backup`,
      { hint: 'Try again; if that happens repeatedly, find the process that replaces the directory.' }
    )
  }

  readonly #report: WalkReport = {
    leftOut: (path, reason) => {
      this.#passed.leftOut.add(`${shownPath(path)} (${reason})`)
    },
    unreadable: (path, found) => {
      this.#unreadable(path)
      if (found !== undefined && !this.#isGivenUp) this.#assembly.add(unreadableEntry(found, this.#task.depth))
    },
    vanished: () => {
      this.#passed.vanished++
    },
    excluded: () => {
      this.#passed.excluded++
    }
  }

  #unreadable (path: Buffer): void {
    this.#passed.unreadable.add(shownPath(path))
    if (this.#task.onUnreadable === 'report') return
    this.#isGivenUp = true
    this.#run?.kill()
  }

  /** Hands a name to tar, together with others. */
  async #give (found: Found, isLastTime: boolean): Promise<void> {
    this.#run ??= await this.#start(isLastTime)
    this.#batch.push(found)
    if (this.#batch.length >= BATCH) await this.#flush()
  }

  async #flush (): Promise<void> {
    if (this.#batch.length === 0) return
    const names = this.#batch.map(({ path }) => path)
    this.#batch = []
    await this.#run?.add(names)
  }

  async #start (isLastTime: boolean): Promise<TarRun> {
    const run = await startTar({ program: this.#task.tar, xattrs: this.#task.xattrs })
    this.#received = this.#archive.append(run.archive, {
      onDatabase: ({ path }) => {
        this.#passed.databases.add(shownPath(path))
      },
      onMember: (member, sha256, base) => {
        if (isClusterFile(member.path)) this.#passed.databases.add(shownPath(member.path))
        if (this.#assembly.store(member, sha256, base, isLastTime)) return
        throw new BackupError('SOURCE_FAILED', `GNU tar wrote "${shownPath(member.path)}", which it was not given`, {
          hint: 'Try again; if it happens again, look at the version of GNU tar.'
        })
      }
    })
    this.#received.catch(() => {
      this.#isBroken = true
      run.kill()
    })
    return run
  }

  async #endRun (): Promise<void> {
    await this.#flush()
    const run = this.#run
    if (run === undefined) return
    run.finish()
    const [received, ended] = await Promise.allSettled([this.#received, run.ended])
    this.#run = undefined
    // tar was killed, and the reason follows.
    if (this.#isGivenUp) return
    if (received.status === 'rejected') throw received.reason
    if (ended.status === 'rejected') throw ended.reason
    if (received.value !== true) {
      throw new BackupError('SOURCE_FAILED', 'the archive of GNU tar was cut off', { hint: 'Try again.' })
    }
    this.#assembly.endRun()
    for (const path of run.readErrors()) {
      this.#lost.add(path.toString('latin1'))
      this.#unreadable(path)
    }
  }

  #requireReadable (): void {
    const { unreadable } = this.#passed
    if (!this.#isGivenUp) return
    throw new BackupError(
      'SOURCE_UNREADABLE',
      `${counted(unreadable.count, 'file')} of "${this.#task.path}" cannot be read: ${named(unreadable)}`,
      {
        hint:
          'Give the user of the service read permission, add the names to "exclude", or set "onUnreadable: report" to back up the rest.'
      }
    )
  }

  #requireStable (): void {
    const { changed } = this.#passed
    if (changed.count === 0 || this.#task.onChange === 'report') return
    throw new BackupError(
      'SOURCE_CHANGED',
      `${counted(changed.count, 'file')} of "${this.#task.path}" changed during each reading: ${named(changed)}`,
      {
        hint:
          'Stop the application for the backup, add the names to "exclude", or set "onChange: report" to keep them as they were read.'
      }
    )
  }

  #nothing (): BackupError {
    return new BackupError('SOURCE_UNREADABLE', `"${this.#task.path}" was removed or locked while it was read`, {
      hint: 'See which process changes it, then try again.'
    })
  }
}
