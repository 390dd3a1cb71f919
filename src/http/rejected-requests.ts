import type { NewAuditEntry } from '../core/catalog/audit.ts'

const MINUTE = 60_000
/** Beyond so many different ones in a minute, who it was is no longer told apart. */
const DIFFERENT = 100

interface Counted {
  readonly entry: NewAuditEntry
  readonly times: number
}

/**
 * Refusals, and whatever else can come in any number. The first of its kind is written at once; those like it, of one
 * caller, address and action, are counted and written as one entry a minute, which names what it was about only where
 * that was the same each time. However many callers and addresses take part, the entries stay few.
 */
export class RejectedRequests {
  readonly #write: (entry: NewAuditEntry) => void
  readonly #counted = new Map<string, Counted>()
  readonly #timer: NodeJS.Timeout

  constructor (write: (entry: NewAuditEntry) => void) {
    this.#write = write
    this.#timer = setInterval(() => {
      this.#flush()
    }, MINUTE).unref()
  }

  add (entry: NewAuditEntry): void {
    const key = JSON.stringify([entry.address, entry.actor, entry.action, entry.code])
    const known = this.#counted.get(key)
    if (known !== undefined || this.#counted.size < DIFFERENT) this.#count(key, entry, known)
    else this.#countAmongOthers(entry)
  }

  /** Writes what was counted, and counts no more. */
  close (): void {
    clearInterval(this.#timer)
    this.#flush()
  }

  #count (key: string, entry: NewAuditEntry, known: Counted | undefined): void {
    if (known === undefined) this.#write(entry)
    const isSame = known === undefined || known.times === 0 || known.entry.target === entry.target
    this.#counted.set(key, {
      entry: isSame ? entry : { ...entry, target: null },
      times: known === undefined ? 0 : known.times + 1
    })
  }

  #countAmongOthers (entry: NewAuditEntry): void {
    const key = JSON.stringify(['others', entry.action, entry.code])
    this.#count(
      key,
      { ...entry, actor: null, role: null, address: null, target: null, requestId: null },
      this.#counted.get(key)
    )
  }

  /** What went on in this minute is still counted in the next one. */
  #flush (): void {
    for (const [key, { entry, times }] of this.#counted) {
      if (times === 0) {
        this.#counted.delete(key)
        continue
      }
      this.#write({ ...entry, times })
      this.#counted.set(key, { entry, times: 0 })
    }
  }
}
