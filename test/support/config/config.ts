import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Config } from '../../../src/config/config.ts'
import type { Environment } from '../../../src/config/read-environment.ts'
import { checkConfig } from '../../../src/config/load.ts'
import type { Problem } from '../../../src/config/problem.ts'
import { tempDir } from '../temp-dir.ts'

/** A working directory with these files in it. */
export function workDir (t: Pick<TestContext, 'after'>, files: Readonly<Record<string, string>> = {}): string {
  const cwd = tempDir(t)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text)
  return cwd
}

export function validConfig (environment: Environment, cwd: string): Config {
  const checked = checkConfig(environment, cwd)
  assert.deepEqual(checked.ok ? [] : checked.problems, [])
  assert.ok(checked.ok)
  return checked.config
}

export function problemsOf (environment: Environment, cwd: string): readonly Problem[] {
  const checked = checkConfig(environment, cwd)
  return checked.ok ? [] : checked.problems
}
