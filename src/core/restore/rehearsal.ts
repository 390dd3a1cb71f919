import type { Check } from '../ports/verification.ts'
import type { AssertionResult, Assertion } from './drill.ts'
import { lastLink, type Restorable } from './restorable.ts'
import type { Manifest } from '../backup/manifest.ts'
import { chainImageOf } from '../backup/manifest.ts'
import { MAIN } from '../ports/part.ts'
import type { Inspector } from '../ports/source.ts'

/** A backup that was restored to where nothing but a drill sees it. */
export interface Rehearsal {
  /** The levels of the kind, tried on what was restored. Damage is a result. */
  checks(signal: AbortSignal): Promise<readonly Check[]>
  /**
   * Tries each assertion on the content. `at`: the time at which the backup was begun. What cannot be evaluated, or
   * takes longer than a minute, is a result and no error.
   */
  assess(assertions: readonly Assertion[], at: Date, signal: AbortSignal): Promise<readonly AssertionResult[]>
  /** Removes it. Safe to call twice. */
  close(): Promise<void>
}

/** Restores backups of one kind for a drill, also of sources that are no longer configured. */
export interface Rehearser {
  /** Bytes of scratch space that the rehearsal of a chain takes, unpacked files included. */
  space(chain: readonly Manifest[]): number
  /**
   * Resolves once the backup stands restored. The images are given with files of this process alone. Rejects with
   * what reading them rejects with, or `SOURCE_TOOL_MISSING` where a program is missing on this machine.
   */
  rehearse(restorable: Restorable, signal: AbortSignal): Promise<Rehearsal>
}

/** What evaluates assertions on a plain file. */
export type AssessFile = (
  path: string,
  assertions: readonly Assertion[],
  at: Date,
  signal: AbortSignal
) => Promise<readonly AssertionResult[]>

/** Rehearses backups whose main part is all that has to be unpacked: a restore leaves that file. */
export function fileRehearser (inspector: Inspector, assess: AssessFile): Rehearser {
  return {
    space: chainImageOf,

    async rehearse (restorable, signal) {
      const { manifest, images } = lastLink(restorable)
      const path = await images.file(MAIN, signal)
      return {
        checks: signal => inspector.inspect(images, manifest.facts, signal),
        assess: (assertions, at, signal) => assess(path, assertions, at, signal),
        close: async () => {}
      }
    }
  }
}
