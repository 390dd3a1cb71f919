import { openSync } from 'node:fs'
import { systemCode } from '../../../src/core/errors.ts'

/** Opens files until the limit of this process allows no more. */
export function useUpFiles (): void {
  try {
    for (;;) openSync('/dev/null', 'r')
  } catch (error) {
    if (systemCode(error) !== 'EMFILE') throw error
  }
}
