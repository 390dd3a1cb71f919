/** Bytes of one statement. A row of a dump is one statement, with its values as text. */
export const STATEMENT_LIMIT = 64 * 1024 * 1024

/** A statement with its semicolon, and the words that it begins with, in upper case. */
export interface Statement {
  readonly bytes: Buffer
  readonly words: readonly string[]
}

type Token = 'semi' | 'space' | 'other' | 'explain' | 'create' | 'temp' | 'trigger' | 'end'
const TOKENS: readonly Token[] = ['semi', 'space', 'other', 'explain', 'create', 'temp', 'trigger', 'end']
const WORDS: Readonly<Record<string, Token>> = {
  EXPLAIN: 'explain',
  CREATE: 'create',
  TEMP: 'temp',
  TEMPORARY: 'temp',
  TRIGGER: 'trigger',
  END: 'end'
}
/**
 * The states of `sqlite3_complete` (complete.c of SQLite), by the number of the token: a statement ends with a
 * semicolon that leads to the state 1, and one of a trigger only after `; END`.
 */
const NEXT: ReadonlyArray<readonly number[]> = [
  [1, 0, 2, 3, 4, 2, 2, 2],
  [1, 1, 2, 3, 4, 2, 2, 2],
  [1, 2, 2, 2, 2, 2, 2, 2],
  [1, 3, 3, 2, 4, 2, 2, 2],
  [1, 4, 2, 2, 2, 4, 5, 2],
  [6, 5, 5, 5, 5, 5, 5, 5],
  [6, 6, 5, 5, 5, 5, 5, 7],
  [1, 7, 5, 5, 5, 5, 5, 5]
]
const START = 1
/** Words that are kept of a statement. */
const KEPT_WORDS = 3

const NEWLINE = 0x0a
const QUOTE_ENDS: Readonly<Record<string, number>> = { "'": 0x27, '"': 0x22, '`': 0x60, '[': 0x5d }

/**
 * Takes SQL apart into its statements, as the shell of SQLite does. A statement that is larger than `STATEMENT_LIMIT`
 * makes `write` throw a RangeError.
 */
export class SqlStatements {
  readonly #onStatement: (statement: Statement) => void
  #pending: Buffer = Buffer.alloc(0)
  /** Everything in `#pending` before this is known. */
  #at = 0
  /** Where the search for the end of a quoted text or a comment goes on; -1: none is open. */
  #search = -1
  #state = START
  #words: string[] = []

  constructor (onStatement: (statement: Statement) => void) {
    this.#onStatement = onStatement
  }

  write (chunk: Buffer): void {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk])
    this.#scan(false)
    if (this.#pending.length > STATEMENT_LIMIT) throw new RangeError('the statement is too large')
  }

  /** After the last chunk. Returns whether a statement was begun and not ended. */
  end (): boolean {
    this.#scan(true)
    return this.#words.length > 0 || this.#at < this.#pending.length
  }

  #scan (isEnd: boolean): void {
    let begin = 0
    for (;;) {
      const token = this.#next(isEnd)
      if (token === undefined) break
      this.#state = NEXT[this.#state]?.[TOKENS.indexOf(token)] ?? START
      if (token !== 'semi' || this.#state !== START) continue
      if (this.#words.length > 0) {
        this.#onStatement({ bytes: this.#pending.subarray(begin, this.#at), words: this.#words })
      }
      this.#words = []
      begin = this.#at
    }
    this.#pending = Buffer.from(this.#pending.subarray(begin))
    this.#at -= begin
    if (this.#search >= 0) this.#search -= begin
  }

  /** The next token; undefined: its end has not come yet. */
  #next (isEnd: boolean): Token | undefined {
    const bytes = this.#pending
    const byte = bytes[this.#at]
    if (byte === undefined) return undefined
    const character = String.fromCharCode(byte)
    if (character === ';') return this.#take(this.#at + 1, 'semi')
    if (isSpace(byte)) {
      let end = this.#at + 1
      while (end < bytes.length && isSpace(bytes[end] ?? 0)) end++
      return this.#take(end, 'space')
    }
    const closing = QUOTE_ENDS[character]
    if (closing !== undefined) return this.#quoted(closing)
    if (character === '-' || character === '/') {
      const second = bytes[this.#at + 1]
      if (second === undefined && !isEnd) return undefined
      if (character === '-' && second === 0x2d) return this.#comment(bytes.indexOf(NEWLINE, this.#from(2)), 1, isEnd)
      if (character === '/' && second === 0x2a) return this.#comment(bytes.indexOf('*/', this.#from(2)), 2, false)
      return this.#other(this.#at + 1)
    }
    if (!isWord(byte)) return this.#other(this.#at + 1)
    let end = this.#at + 1
    while (end < bytes.length && isWord(bytes[end] ?? 0)) end++
    if (end === bytes.length && !isEnd) return undefined
    if (this.#words.length >= KEPT_WORDS && end - this.#at > 'TEMPORARY'.length) return this.#take(end, 'other')
    const word = bytes.toString('latin1', this.#at, end).toUpperCase()
    if (this.#words.length < KEPT_WORDS) this.#words.push(word)
    return this.#take(end, Object.hasOwn(WORDS, word) ? WORDS[word] ?? 'other' : 'other')
  }

  #from (skip: number): number {
    return this.#search >= 0 ? this.#search : this.#at + skip
  }

  #quoted (closing: number): Token | undefined {
    const end = this.#pending.indexOf(closing, this.#from(1))
    if (end < 0) {
      this.#search = this.#pending.length
      return undefined
    }
    // A doubled quote ends one text and begins the next, which makes no difference to the end of the statement.
    return this.#other(end + 1)
  }

  #comment (end: number, length: number, mayEnd: boolean): Token | undefined {
    if (end >= 0) return this.#take(end + length, 'space')
    if (mayEnd) return this.#take(this.#pending.length, 'space')
    // The mark of the end may have come in half.
    this.#search = Math.max(this.#at + 2, this.#pending.length - 1)
    return undefined
  }

  #other (end: number): Token {
    if (this.#words.length === 0) this.#words.push('')
    return this.#take(end, 'other')
  }

  #take (end: number, token: Token): Token {
    this.#at = end
    this.#search = -1
    return token
  }
}

function isSpace (byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d && byte !== 0x0b)
}

/** Letters, digits, `_`, `$`, and every byte that is not ASCII. */
function isWord (byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a) ||
    byte === 0x5f || byte === 0x24 || byte >= 0x80
}
