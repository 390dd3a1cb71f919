import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

/** A disk of its own, unmounted when the test ends; for root alone. */
export function mountDisk (t: Pick<TestContext, 'after'>, size: string): string {
  const path = mkdtempSync(join(tmpdir(), 'holdfast-disk-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path])
  t.after(() => {
    execFileSync('umount', ['-l', path])
    rmdirSync(path)
  })
  return path
}
