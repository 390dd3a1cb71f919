import { statfs } from 'node:fs/promises'
import { BackupError } from '../../core/errors.ts'

/**
 * Calls that are under way at once, at most. Each takes a thread of the process, and keeps it for as long as the file
 * system does not answer.
 */
const AT_ONCE = 4
/**
 * A call that has taken so long may go on as long as the directory itself answers, within the same time. Milliseconds.
 */
const PATIENCE = 5000

/** A call that was begun and has not ended. */
interface Call {
  isOverdue: boolean
  readonly refuse: (error: BackupError) => void
}

/** One that has to wait until others end. */
interface Waiting extends Pick<Call, 'refuse'> {
  readonly start: () => void
}

/**
 * The way of every call of the system that touches a directory. On a network mount whose server is gone, a call never
 * ends and cannot be cancelled: it keeps one of the few threads that all work of the process shares. So a few calls are
 * made at once, and where one takes too long and the directory does not answer either, all are given up, and everything
 * is refused at once until they have ended by themselves.
 *
 * A slow call, such as a sync of many bytes, is waited for, since the directory answers meanwhile.
 */
export class LocalDisk {
  readonly #directory: string
  readonly #patience: number
  readonly #look: () => Promise<unknown>
  readonly #calls = new Set<Call>()
  readonly #waiting: Waiting[] = []
  /** What is left to do once the directory answers again. */
  readonly #due: Array<() => Promise<unknown>> = []
  #isSilent = false
  #isAsked = false
  #timer: NodeJS.Timeout | undefined

  /**
   * `look` settles once the directory answers. What a mount knows of files it may answer from memory; for the free
   * space it asks its server.
   */
  constructor (directory: string, patience = PATIENCE, look = async (): Promise<unknown> => await statfs(directory)) {
    this.#directory = directory
    this.#patience = patience
    this.#look = look
  }

  /**
   * What `work` resolves or rejects with, which is to make one call of the system, or a few. Rejects with
   * `STORE_UNAVAILABLE` where the file system does not answer; what `work` resolves with afterwards goes to `discard`.
   */
  async ask<T> (work: () => Promise<T>, discard?: (late: T) => Promise<unknown>): Promise<T> {
    if (this.#isSilent) throw this.#noAnswer()
    return await new Promise<T>((resolve, reject) => {
      const start = (): void => {
        const call: Call = { isOverdue: false, refuse: reject }
        this.#calls.add(call)
        this.#timer ??= this.#watch()
        this.#perform(call, work, discard).then(resolve, reject)
      }
      if (this.#calls.size < AT_ONCE) start()
      else this.#waiting.push({ start, refuse: reject })
    })
  }

  /**
   * For what has to be done whatever happened, such as to close a file: now or, where the file system does not answer,
   * once it does. Rejects as `ask`.
   */
  async afterwards (work: () => Promise<unknown>): Promise<void> {
    if (this.#isSilent) this.#due.push(work)
    else await this.ask(work)
  }

  async #perform<T> (call: Call, work: () => Promise<T>, discard?: (late: T) => Promise<unknown>): Promise<T> {
    try {
      const value = await work()
      if (this.#isSilent) await discard?.(value)
      return value
    } finally {
      this.#calls.delete(call)
      this.#waiting.shift()?.start()
      this.#resume()
    }
  }

  /** Nothing keeps the process for the sake of the watch: a call that is under way does so anyway. */
  #watch (): NodeJS.Timeout {
    return setTimeout(() => {
      void this.#check()
    }, this.#patience).unref()
  }

  async #check (): Promise<void> {
    if ([...this.#calls].some(call => call.isOverdue) && !await this.#answers()) this.#giveUp()
    for (const call of this.#calls) call.isOverdue = true
    this.#timer = this.#isSilent || this.#calls.size === 0 ? undefined : this.#watch()
  }

  /** One question at a time, for it may take a thread for ever, too. */
  async #answers (): Promise<boolean> {
    if (this.#isAsked) return false
    this.#isAsked = true
    return await new Promise(resolve => {
      const late = setTimeout(() => {
        resolve(false)
      }, this.#patience).unref()
      const answered = (): void => {
        clearTimeout(late)
        this.#isAsked = false
        this.#resume()
        resolve(true)
      }
      // An error is an answer, too.
      this.#look().then(answered, answered)
    })
  }

  #giveUp (): void {
    this.#isSilent = true
    for (const { refuse } of [...this.#waiting.splice(0), ...this.#calls]) refuse(this.#noAnswer())
  }

  #resume (): void {
    if (!this.#isSilent || this.#isAsked || this.#calls.size > 0) return
    this.#isSilent = false
    void this.#catchUp()
  }

  /** One after the other: a file is removed by way of its folder, which is closed last. */
  async #catchUp (): Promise<void> {
    // A file that cannot be closed, or an unfinished one that stays, hinders nothing.
    for (const work of this.#due.splice(0)) await this.afterwards(work).catch(() => {})
  }

  #noAnswer (): BackupError {
    return new BackupError('STORE_UNAVAILABLE', `the file system of "${this.#directory}" does not respond`, {
      hint:
        'Check the disk or the server of the network mount. If it was unmounted during hanging calls and mounted again, restart the service.',
      // As the system reports it where a mount has a time limit of its own.
      cause: Object.assign(new Error('ETIMEDOUT: no answer'), { code: 'ETIMEDOUT' })
    })
  }
}
