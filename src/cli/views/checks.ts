import type { Check } from '../../core/ports/verification.ts'
import type { Colours } from '../screen.ts'
import { printable } from '../text.ts'

/** `✓ integrity_check`, `✗ checksum: …`, `- decompression: not compressed`. */
export function checkLine ({ name, status, reason }: Check, colours: Colours): string {
  const mark = { pass: colours.green('✓'), fail: colours.red('✗'), skipped: colours.dim('-') }[status]
  const text = `${name}${reason === undefined ? '' : `: ${printable(reason)}`}`
  return `${mark} ${status === 'skipped' ? colours.dim(text) : text}`
}
