import { writeSync } from 'node:fs'
import { BackupError } from '../../core/errors.ts'
import { BLOCK, END_OF_ARCHIVE } from '../../files/tar-blocks.ts'
import { SQLITE_MAGIC } from './database-inside.ts'
import { MalformedError } from './malformed.ts'
import type { Member } from './tar-member.ts'
import { TarScanner } from './tar-scanner.ts'

export interface ArchiveEvents {
  /** `base`: where the archive of its run begins within the whole. */
  onMember(member: Member, sha256: string | null, base: number): void
  /** The member is a SQLite database. */
  onDatabase(member: Member): void
}

/** One archive made of those of several runs of tar, one after the other: only the last one has an end mark. */
export class Archive {
  readonly #fd: number
  #written = 0

  /** Writes to `fd`, which blocks. */
  constructor (fd: number) {
    this.#fd = fd
  }

  /**
   * Passes on the archive of one run but for its end mark. Resolves with whether it had one: an archive without it was
   * cut off. Rejects with `SOURCE_FAILED` for one that does not follow its format.
   */
  async append (run: AsyncIterable<Buffer>, events: ArchiveEvents): Promise<boolean> {
    const base = this.#written
    let isFirst = false
    const scanner = new TarScanner({
      onMember () {
        isFirst = true
      },
      onData (data, member) {
        if (isFirst && data.subarray(0, SQLITE_MAGIC.length).equals(SQLITE_MAGIC)) events.onDatabase(member)
        isFirst = false
      },
      onEnd (member, sha256) {
        events.onMember(member, sha256, base)
      }
    })
    let rest: Buffer = Buffer.alloc(0)
    let scanned = 0
    try {
      for await (const chunk of run) {
        const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
        const blocks = bytes.subarray(0, bytes.length - bytes.length % BLOCK)
        rest = bytes.subarray(blocks.length)
        scanner.write(blocks)
        scanned += blocks.length
        this.#write(blocks.subarray(0, Math.max(0, blocks.length - scanned + (scanner.endsAt ?? scanned))))
      }
      return rest.length === 0 && scanner.isWhole
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error
      throw new BackupError('SOURCE_FAILED', `GNU tar wrote an archive that cannot be used: ${error.message}`, {
        hint: 'Try again; if it happens again, look at the version of GNU tar.',
        cause: error
      })
    }
  }

  end (): void {
    this.#write(END_OF_ARCHIVE)
  }

  #write (bytes: Buffer): void {
    for (let done = 0; done < bytes.length;) done += writeSync(this.#fd, bytes, done)
    this.#written += bytes.length
  }
}
