import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { tokenFor } from '../test/support/http/token.ts'
import { startService } from '../test/support/processes/service.ts'
import { noise } from '../test/support/streams.ts'
import { backup, emptyHome, removeHome } from './service.ts'
import { BENCH_DIRECTORY } from './databases.ts'
import { megabytes, printTable, ratio, seconds } from './table.ts'
import { usageOf, usageOfCommand, type Usage } from './usage.ts'

/** Trees of `npm run bench -- tree`, and a smaller one for `tree-small`. */
export const TREES = [{ files: 200_000, bytes: 2_000_000_000 }, { files: 1, bytes: 2_000_000_000 }]
export const SMALL_TREES = [{ files: 50_000, bytes: 500_000_000 }]
/** Files in one directory. */
const FOLDER = 500
/** Files that are written again before the increment. */
const CHANGED = 100
/** Bytes of each. */
const MOST_WRITTEN = 1_000_000
/** Everything is measured so often, one after the other; the best of each counts. */
const ROUNDS = 3
/** A file changed so shortly before a backup is in the next increment again. Milliseconds. */
const RECENT = 2500

interface Tree {
  readonly files: number
  readonly bytes: number
}

/** The command that a user would run otherwise, without and with the digest that Holdfast has as well. */
const TAR = 'tar -C "$TREE" -cf - . | zstd -3 -T2 -q -f -o out.tar.zst'
const TAR_DIGEST = `${TAR} && sha256sum out.tar.zst`
const RESTIC = ['init -q', 'backup -q "$TREE"'].map(verb => `RESTIC_PASSWORD=bench restic -r repository ${verb}`)
  .join(' && ')
const FIND = 'find "$TREE" -printf "%s %T@ %C@ %i %p\\n" > /dev/null'

/** A tree with so many files of one size: half random bytes, half a repeated line. Made once and kept. */
function made ({ files, bytes }: Tree): string {
  const path = join(BENCH_DIRECTORY, `tree-${files}-${bytes}`)
  if (existsSync(path)) return path
  const size = Math.floor(bytes / files)
  const piece = Math.min(size, 1_000_000)
  const unfinished = `${path}.new`
  rmSync(unfinished, { recursive: true, force: true })
  for (let i = 0; i < files; i++) {
    const folder = join(unfinished, String(Math.floor(i / FOLDER)).padStart(4, '0'))
    if (i % FOLDER === 0) mkdirSync(folder, { recursive: true })
    const content = Buffer.concat([noise(piece / 2, i + 1), Buffer.alloc(piece / 2, `line ${i} of the payload\n`)])
    for (let done = 0; done < size; done += piece) writeFileSync(join(folder, `${i}.dat`), content, { flag: 'a' })
  }
  renameSync(unfinished, path)
  return path
}

/** Backups of trees, against the commands that a user would run otherwise, and an increment after a few changes. */
export async function benchTree (trees: readonly Tree[]): Promise<void> {
  for (const tree of trees) {
    printTable(
      `Directory of ${tree.files} files, ${megabytes(tree.bytes)}; the best of ${ROUNDS} rounds`,
      ['command', 'time', 'processors', 'memory', 'time to tar | zstd', 'processors'],
      await measure(tree)
    )
  }
  console.log(`tar | zstd: ${TAR}`)
}

async function measure (tree: Tree): Promise<string[][]> {
  const path = made(tree)
  const best = new Map<string, Usage>()
  const note = (name: string, { took, cpu, peak }: Usage): void => {
    const { took: least = took, cpu: leastCpu = cpu, peak: leastPeak = peak } = best.get(name) ?? {}
    best.set(name, { took: Math.min(took, least), cpu: Math.min(cpu, leastCpu), peak: Math.min(peak, leastPeak) })
  }
  for (let round = 0; round < ROUNDS; round++) {
    note('tar | zstd', await otherwise(TAR, path))
    note('tar | zstd, sha256sum', await otherwise(TAR_DIGEST, path))
    note('restic backup', await otherwise(RESTIC, path))
    note('find', await otherwise(FIND, path))
    await measureService(tree, path, round, note)
  }
  const [tar, find] = [best.get('tar | zstd'), best.get('find')]
  return [...best].map(([name, usage]) => {
    const [base, unit] = name.startsWith('increment') ? [find, ' find'] : [tar, '']
    return [
      name,
      seconds(usage.took),
      seconds(usage.cpu),
      megabytes(usage.peak),
      `${ratio(usage.took, base?.took ?? 0)}${unit}`,
      `${ratio(usage.cpu, base?.cpu ?? 0)}${unit}`
    ]
  })
}

async function measureService (
  tree: Tree,
  path: string,
  round: number,
  note: (name: string, usage: Usage) => void
): Promise<void> {
  const home = emptyHome()
  try {
    writeFileSync(
      join(home, 'holdfast.yaml'),
      `sources:\n  - { name: tree, kind: directory, path: ${path}, enabled: false }\n`
    )
    const service = await startService({ after: () => {} }, home, { LOG_LEVEL: 'info' }, tokenFor('admin'))
    try {
      const pid = service.child.pid ?? 0
      note('Holdfast, verified', await usageOf(pid, () => backup(service, { compression: 'zstd', verify: true })))
      await pause(RECENT)
      note('Holdfast', await usageOf(pid, () => backup(service, { compression: 'zstd', verify: false })))
      touch(path, tree, round)
      note(
        `increment after ${Math.min(CHANGED, tree.files)} changed files`,
        await usageOf(pid, async () => {
          const { status, body } = await service.call('POST', '/api/backups', { method: 'incremental', verify: false })
          if (status !== 201) throw new Error(JSON.stringify(body))
        })
      )
    } finally {
      await service.kill('SIGTERM')
    }
  } finally {
    removeHome(home)
  }
}

/** Writes the first half of some files again, at most `MOST_WRITTEN` bytes: their sizes stay. */
function touch (path: string, { files, bytes }: Tree, round: number): void {
  for (let i = 0; i < Math.min(CHANGED, files); i++) {
    const at = Math.floor(i * files / CHANGED)
    const folder = String(Math.floor(at / FOLDER)).padStart(4, '0')
    const content = noise(Math.floor(Math.min(bytes / files / 2, MOST_WRITTEN)), i + 7 + round)
    writeFileSync(join(path, folder, `${at}.dat`), content, { flag: 'r+' })
  }
}

async function otherwise (command: string, path: string): Promise<Usage> {
  const directory = mkdtempSync(join(BENCH_DIRECTORY, 'otherwise-'))
  try {
    return await usageOfCommand(command, { TREE: path }, directory)
  } finally {
    rmSync(directory, { recursive: true })
  }
}
