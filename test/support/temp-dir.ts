import { existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

const MEMORY = '/dev/shm'

/** An empty directory that is gone after the test. `inMemory`: on no disk, where the system has such a place. */
export function tempDir (t: Pick<TestContext, 'after'>, { inMemory = false } = {}): string {
  const path = mkdtempSync(join(inMemory && existsSync(MEMORY) ? MEMORY : realpathSync(tmpdir()), 'holdfast-'))
  t.after(() => {
    rmSync(path, { recursive: true, force: true })
  })
  return path
}
