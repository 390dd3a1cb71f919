import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

/** An empty directory that is gone after the test. */
export function tempDir (t: Pick<TestContext, 'after'>): string {
  const path = mkdtempSync(join(realpathSync(tmpdir()), 'holdfast-'))
  t.after(() => { rmSync(path, { recursive: true, force: true }) })
  return path
}
