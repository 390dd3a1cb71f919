import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { directoryRestorer } from '../../../src/sources/directory/restore.ts'
import { backedUp, type StoredDirectory } from '../../support/sources/directory-backup.ts'
import { until } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'

const FILES = 600
const CHILD = join(import.meta.dirname, '../../support/sources/restore-child.ts')
const restorer = directoryRestorer()

interface Stage {
  readonly home: string
  readonly tree: string
  readonly aside: string
  readonly backup: StoredDirectory
}

/** A tree that has changed since its backup. */
function stage (t: TestContext): Stage {
  const home = tempDir(t)
  const tree = join(home, 'tree')
  mkdirSync(tree)
  for (let i = 0; i < FILES; i++) writeFileSync(join(tree, String(i)), `before ${i}`)
  const backup = backedUp(t, tree)
  for (let i = 0; i < FILES; i++) writeFileSync(join(tree, String(i)), `after ${i}`)
  return { home, tree, aside: `${tree}.before-12345678`, backup }
}

/** Which of the two states a directory has; anything else fails the test. */
function stateOf (tree: string): 'before' | 'after' {
  const names = readdirSync(tree)
  assert.equal(names.length, FILES)
  const [state, ...others] = new Set(names.map(name => readFileSync(join(tree, name), 'utf8').replace(` ${name}`, '')))
  assert.deepEqual(others, [], 'a mixture')
  assert.ok(state === 'before' || state === 'after')
  return state
}

/** What has happened when the process is killed. The last two are right before and after the swap. */
const MOMENTS: ReadonlyArray<readonly [name: string, has: (stage: Stage) => boolean]> = [
  ['the folder for the new tree is there', ({ aside }) => existsSync(`${aside}.new`)],
  ...[1, 50, 150, 300, 450, FILES].map(count =>
    [`${count} files are extracted`, ({ aside }: Stage) => extracted(aside) >= count] as const
  ),
  ['the old tree is aside', ({ aside }) => existsSync(aside)]
]

function extracted (aside: string): number {
  try {
    return readdirSync(join(`${aside}.new`, 'tree')).length
  } catch {
    // It is not there yet, or was renamed.
    return existsSync(aside) ? FILES : 0
  }
}

for (const [name, has] of MOMENTS) {
  test(`killed when ${name}, the old tree or the new one is there, whole`, async t => {
    const scene = stage(t)
    const { home, tree, aside, backup } = scene
    const placement = { mode: 'replace', path: tree, overwrite: false, timeout: 0, aside }
    const args = [CHILD, backup.directory, JSON.stringify(backup.manifest), JSON.stringify(placement)]
    const child = spawn(process.execPath, args, { stdio: 'ignore' })
    const exit = once(child, 'exit')
    await until(() => has(scene) || child.exitCode !== null)
    child.kill('SIGKILL')
    await exit
    // tar sees the end of its input, and ends.
    let isKept: boolean | undefined
    await until(async () => {
      isKept = await restorer.settle(tree, aside).catch(() => undefined)
      return isKept !== undefined && !existsSync(`${aside}.new`)
    })
    const state = stateOf(tree)
    assert.equal(isKept, state === 'before', state)
    assert.deepEqual(readdirSync(home).toSorted(), isKept ? ['tree', 'tree.before-12345678'] : ['tree'])
    if (isKept) assert.equal(stateOf(aside), 'after')
  })
}
