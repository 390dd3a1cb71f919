import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync
} from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { MAIN } from '../../../src/core/ports/part.ts'
import { loadKinds } from '../../../src/core/ports/source-kind.ts'
import { directory } from '../../../src/sources/directory/kind.ts'
import { DEFAULT_LIMITS } from '../../../src/sources/subprocess.ts'
import { childAtWork, childrenAtWork } from '../../support/processes/children.ts'
import { digestOf, noise } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { incrementSuite } from '../../suites/increment-suite.ts'
import { sourceSuite, type Scene } from '../../suites/source-suite.ts'

const TREE_FILES = 800

sourceSuite('a directory', directoryScene)
incrementSuite('a directory', directoryScene)

/** Each file has one of two contents, and writers exchange a whole file by a rename. */
async function directoryScene (t: TestContext): Promise<Scene> {
  const home = tempDir(t)
  const scratch = tempDir(t)
  const path = join(home, 'tree')
  mkdirSync(join(path, 'sub'), { recursive: true })
  const name = (i: number): string => join(path, i % 2 === 0 ? 'sub' : '.', `file ${i}`)
  const write = (i: number, version: number): void => {
    writeFileSync(join(home, 'next'), noise(1000, i * 10 + version))
    renameSync(join(home, 'next'), name(i))
  }
  for (let i = 0; i < TREE_FILES; i++) write(i, 0)
  const kinds = await loadKinds([directory], { scratchDir: scratch, limits: DEFAULT_LIMITS })
  const kind = kinds.get(directory.name) ?? assert.fail()
  let version = 0
  const content = (): unknown => entriesIn(path)
  return {
    kind,
    source: kind.source('tree', { path }),
    isInstant: false,
    placement: { mode: 'replace', path, overwrite: false, timeout: 5000, aside: `${path}.aside-${randomUUID()}` },
    content,
    change () {
      version++
      write(version, version)
      rmSync(name(0), { force: true })
      symlinkSync('nowhere', join(path, `link ${version}`))
    },
    async startWriting () {
      const timer = setInterval(() => {
        version++
        write(version % TREE_FILES, version % 10)
      }, 1)
      return async () => {
        clearInterval(timer)
      }
    },
    assertWhole (restored) {
      const entries = restored as ReturnType<typeof entriesIn>
      assert.equal(entries.filter(([, digest]) => digest !== '').length, TREE_FILES)
      for (const [path, digest] of entries.filter(([, digest]) => digest !== '')) {
        const i = Number(/file (\d+)$/.exec(path)?.[1])
        const digests = Array.from({ length: 10 }, (_, version) => digestOf(noise(1000, i * 10 + version)).sha256)
        assert.ok(digests.includes(digest), path)
      }
    },
    state: content,
    leftovers: () => [...childrenAtWork('snapshot-child').map(String), ...readdirSync(scratch)],
    sabotage: part => async () => {
      if (part === MAIN) {
        process.kill(await childAtWork('snapshot-child'), 'SIGKILL')
        return
      }
      // The list is a file then, which is cut while it is read.
      for (const list of readdirSync(scratch, { recursive: true, withFileTypes: true })) {
        if (list.isFile()) truncateSync(join(list.parentPath, list.name), 100)
      }
    }
  }
}

/** The path of everything in a directory, with the digest of each file. */
function entriesIn (path: string): ReadonlyArray<readonly [path: string, digest: string]> {
  return readdirSync(path, { recursive: true, withFileTypes: true }).map((found): [string, string] => {
    const at = join(found.parentPath, found.name)
    return [at, found.isFile() ? digestOf(readFileSync(at)).sha256 : '']
  }).toSorted()
}
