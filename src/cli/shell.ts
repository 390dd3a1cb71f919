import type { Clock } from '../core/clock.ts'
import { printableJson } from '../core/printable.ts'
import { asTyped } from './as-typed.ts'
import type { Output } from './output.ts'
import type { Screen } from './screen.ts'
import type { Reading, Session } from './session.ts'

/** What every command that works with the engine is given. */
export interface Shell {
  readonly output: Output
  /** Standard output, as it is now. */
  readonly screen: () => Screen
  readonly clock: Clock
  /**
   * Opens the engine for as long as `work` takes. Rejects with `CATALOG_MISSING` where there is neither a catalog nor a
   * backup directory, as in a wrong directory; with `isFirst`, both are made.
   */
  readonly withSession: <T>(
    flags: JsonFlag,
    work: (session: Session) => Promise<T>,
    options?: { readonly isFirst?: true }
  ) => Promise<T>
  /** The same for what only shows what the catalog knows: makes nothing. Rejects with `CATALOG_MISSING`. */
  readonly withReading: <T>(work: (reading: Reading) => Promise<T>) => Promise<T>
  /** Asks whoever sits there a question that has yes and no for answers; undefined: nobody does. */
  readonly ask: ((question: string) => Promise<boolean>) | undefined
  readonly exit: (code: number) => void
}

export interface JsonFlag {
  readonly json?: true
}

/** A result for programs and for people. */
export interface View {
  readonly json: object
  readonly text: (screen: Screen) => string
}

export function show ({ output, screen }: Pick<Shell, 'output' | 'screen'>, { json }: JsonFlag, view: View): void {
  if (json === true) output.out.write(`${printableJson(JSON.stringify(view.json, undefined, 2))}\n`)
  else {
    const shown = screen()
    output.out.write(asTyped(view.text(shown), shown.command))
  }
}
