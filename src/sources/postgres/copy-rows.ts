const NEWLINE = 0x0a
const BACKSLASH = 0x5c
const DOT = 0x2e
const DASH = 0x2d
const SEMICOLON = 0x3b
const QUOTE = 0x27
const DOUBLE_QUOTE = 0x22

/** A statement begins with the name of its table: two names of 63 bytes, each of them a quote at worst. Bytes. */
const HEAD = 320
/** `FROM stdin` is at the end of a statement. Bytes. */
const TAIL = 16
/** `\.` and the end of its line: so much of a chunk may be needed together with the next one. Bytes. */
const MARK = 3

/** The data of one table in a script. */
export interface CopiedRows {
  /** From `COPY ` on, the beginning: `public.orders (id, note)`. In the encoding of the script. */
  readonly statement: Buffer
  readonly rows: number
}

/**
 * Counts the rows in a script of `pg_restore --section=data -f -`. Each row is a line between `COPY … FROM stdin;` and
 * `\.`, and no row has a line break of its own (PostgreSQL documentation, "COPY", "Text Format"). Names in statements
 * may have any characters: quotes are followed. Memory does not depend on the script.
 */
export class CopyRows {
  readonly #onTable: (table: CopiedRows) => void
  #state: 'between' | 'line' | 'statement' | 'rows' = 'between'
  /** Whether a row has begun whose line has not ended. */
  #isInRow = false
  #quote = 0
  #head: Buffer = Buffer.alloc(0)
  #tail: Buffer = Buffer.alloc(0)
  #rows = 0
  #carried: Buffer = Buffer.alloc(0)

  /** `onTable` is called for each table at the end of its rows. */
  constructor (onTable: (table: CopiedRows) => void) {
    this.#onTable = onTable
  }

  write (chunk: Buffer): void {
    const data = this.#carried.length === 0 ? chunk : Buffer.concat([this.#carried, chunk])
    this.#carried = Buffer.alloc(0)
    let at = 0
    while (at < data.length) {
      switch (this.#state) {
        case 'between':
          at = this.#begin(data, at)
          break
        case 'line':
          at = this.#skipLine(data, at)
          break
        case 'statement':
          at = this.#readStatement(data, at)
          break
        case 'rows': {
          const next = this.#countRows(data, at)
          if (next === undefined) return
          at = next
        }
      }
    }
  }

  /** Whether the script may end here: not within a statement, and not among rows. */
  get isComplete (): boolean {
    return this.#state === 'between' && this.#carried.length === 0
  }

  #begin (data: Buffer, at: number): number {
    const byte = data[at]
    if (byte === NEWLINE || byte === 0x20 || byte === 0x0d) return at + 1
    if (byte === DASH || byte === BACKSLASH) {
      // A comment, or a command such as \restrict.
      this.#state = 'line'
      return at + 1
    }
    this.#state = 'statement'
    this.#quote = 0
    this.#head = Buffer.alloc(0)
    this.#tail = Buffer.alloc(0)
    return at
  }

  #skipLine (data: Buffer, at: number): number {
    const end = data.indexOf(NEWLINE, at)
    if (end === -1) return data.length
    this.#state = 'between'
    return end + 1
  }

  #readStatement (data: Buffer, from: number): number {
    let at = from
    while (at < data.length) {
      if (this.#quote !== 0) {
        // A doubled quote ends one and begins another.
        const end = data.indexOf(this.#quote, at)
        at = end === -1 ? data.length : end + 1
        if (end !== -1) this.#quote = 0
        continue
      }
      const byte = data[at]
      if (byte === SEMICOLON) {
        this.#keep(data.subarray(from, at))
        this.#endStatement()
        return at + 1
      }
      if (byte === QUOTE || byte === DOUBLE_QUOTE) this.#quote = byte
      at++
    }
    this.#keep(data.subarray(from))
    return at
  }

  #keep (piece: Buffer): void {
    if (this.#head.length < HEAD) this.#head = Buffer.concat([this.#head, piece.subarray(0, HEAD - this.#head.length)])
    this.#tail = Buffer.concat([this.#tail, piece.subarray(-TAIL)]).subarray(-TAIL)
  }

  #endStatement (): void {
    const isCopy = this.#head.toString('latin1', 0, 5) === 'COPY ' &&
      this.#tail.toString('latin1').endsWith('FROM stdin')
    this.#state = isCopy ? 'rows' : 'between'
    // The rest of the line of the statement is no row.
    this.#isInRow = true
    this.#rows = -1
  }

  /** undefined: more bytes are needed. */
  #countRows (data: Buffer, from: number): number | undefined {
    let at = from
    while (at < data.length) {
      if (!this.#isInRow && data[at] === BACKSLASH) {
        if (data.length - at < MARK) {
          this.#carried = data.subarray(at)
          return undefined
        }
        if (data[at + 1] === DOT && data[at + 2] === NEWLINE) {
          this.#state = 'between'
          this.#onTable({ statement: this.#head.subarray(5), rows: this.#rows })
          return at + MARK
        }
      }
      const end = data.indexOf(NEWLINE, at)
      this.#isInRow = end === -1
      if (end === -1) return data.length
      this.#rows++
      at = end + 1
    }
    return at
  }
}
