import type { CheckDefinition } from '../../core/ports/verification.ts'

/** The levels of a verification that look into the backup of a directory, in the order in which they are tried. */
export const DIRECTORY_CHECKS: readonly CheckDefinition[] = [
  { name: 'archive', opensContent: true, remedy: 'Use an older backup, and create a new one.' },
  { name: 'index', opensContent: false, remedy: 'Use an older backup, and create a new one.' },
  { name: 'contents', opensContent: true, remedy: 'Use an older backup, and check the disk of the store.' },
  { name: 'counts', opensContent: false, remedy: 'Use an older backup, and create a new one.' }
]
