import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tokenFor } from '../test/support/http/token.ts'
import { startService } from '../test/support/processes/service.ts'
import { noise } from '../test/support/streams.ts'
import { backup, emptyHome, removeHome } from './service.ts'
import { BENCH_DIRECTORY } from './databases.ts'
import { megabytes, printTable, ratio, seconds } from './table.ts'
import { usageOf, usageOfCommand, type Usage } from './usage.ts'

const FILES = 200_000
const BYTES = 2_000_000_000
/** Files in one directory. */
const FOLDER = 500
/** Files that are written again before the increment. */
const CHANGED = 100

/** What a user would run otherwise; the digest is what Holdfast has as well. */
const TAR = 'tar -C "$TREE" -cf - . | zstd -3 -T2 -q -f -o out.tar.zst && sha256sum out.tar.zst'
const RESTIC = ['init -q', 'backup -q "$TREE"'].map(verb => `RESTIC_PASSWORD=bench restic -r repository ${verb}`)
  .join(' && ')

/** A tree with so many files of one size: half random bytes, half a repeated line. Made once and kept. */
function tree (files: number): string {
  const path = join(BENCH_DIRECTORY, `tree-${files}`)
  if (existsSync(path)) return path
  const size = Math.floor(BYTES / files)
  const piece = Math.min(size, 1_000_000)
  const made = `${path}.new`
  rmSync(made, { recursive: true, force: true })
  for (let i = 0; i < files; i++) {
    const folder = join(made, String(Math.floor(i / FOLDER)).padStart(4, '0'))
    if (i % FOLDER === 0) mkdirSync(folder, { recursive: true })
    const content = Buffer.concat([noise(piece / 2, i + 1), Buffer.alloc(piece / 2, `line ${i} of the payload\n`)])
    for (let done = 0; done < size; done += piece) writeFileSync(join(folder, `${i}.dat`), content, { flag: 'a' })
  }
  renameSync(made, path)
  return path
}

/** Backups of trees, against what a user would run otherwise, and an increment after a few changed files. */
export async function benchTree (): Promise<void> {
  const rows: string[][] = []
  for (const files of [FILES, 1]) rows.push(...await measure(files))
  printTable(
    `Directories of ${megabytes(BYTES)}`,
    ['what', 'time', 'processors', 'memory', 'to tar | zstd'],
    rows
  )
  console.log(`tar | zstd: ${TAR}`)
}

async function measure (files: number): Promise<string[][]> {
  const path = tree(files)
  const byTar = await otherwise(TAR, path)
  const byRestic = await otherwise(RESTIC, path)
  const byFind = await otherwise('find "$TREE" -printf "%s %T@ %C@ %i %p\\n" > /dev/null', path)
  const home = emptyHome()
  try {
    writeFileSync(
      join(home, 'holdfast.yaml'),
      `sources:\n  - { name: tree, kind: directory, path: ${path}, enabled: false }\n`
    )
    const service = await startService({ after: () => {} }, home, { LOG_LEVEL: 'info' }, tokenFor('admin'))
    try {
      const pid = service.child.pid ?? 0
      const plain = await usageOf(pid, () => backup(service, { compression: 'zstd', verify: false }))
      const proven = await usageOf(pid, () => backup(service, { compression: 'zstd', verify: true }))
      touch(path, files)
      const increment = await usageOf(pid, async () => {
        const { status, body } = await service.call('POST', '/api/backups', { method: 'incremental', verify: false })
        if (status !== 201) throw new Error(JSON.stringify(body))
      })
      const row = (name: string, usage: Usage, base = byTar): string[] => [
        `${files} files: ${name}`,
        seconds(usage.took),
        seconds(usage.cpu),
        megabytes(usage.peak),
        ratio(usage.took, base.took)
      ]
      return [
        row('tar | zstd', byTar),
        row('restic backup', byRestic),
        row('Holdfast', plain),
        row('Holdfast, with its verification', proven),
        row('find', byFind),
        [
          ...row(`increment after ${Math.min(CHANGED, files)} changed files`, increment).slice(0, 4),
          `${ratio(increment.took, byFind.took)} find`
        ]
      ]
    } finally {
      await service.kill('SIGTERM')
    }
  } finally {
    removeHome(home)
  }
}

function touch (path: string, files: number): void {
  for (let i = 0; i < Math.min(CHANGED, files); i++) {
    const at = Math.floor(i * files / CHANGED)
    const folder = String(Math.floor(at / FOLDER)).padStart(4, '0')
    writeFileSync(join(path, folder, `${at}.dat`), noise(Math.floor(BYTES / files / 2), i + 7))
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
