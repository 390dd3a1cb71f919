import { readFileSync, readdirSync } from 'node:fs'
import { database } from './databases.ts'
import { backup, withService } from './service.ts'
import { megabytes, printTable, seconds } from './table.ts'

const EVERY = 25

/** Memory of a process and of everything below it, in bytes: what is shared between them (PSS) counts once. */
export function memoryOf (pid: number): { readonly pss: number, readonly rss: number } {
  let pss = 0
  let rss = 0
  for (const member of family(pid)) {
    try {
      const text = readFileSync(`/proc/${member}/smaps_rollup`, 'utf8')
      pss += 1024 * Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? 0)
      rss += 1024 * Number(/^Rss:\s+(\d+)/m.exec(text)?.[1] ?? 0)
    } catch {
      // It has ended since the list was made.
    }
  }
  return { pss, rss }
}

function family (pid: number): number[] {
  const members = [pid]
  for (let i = 0; i < members.length; i++) {
    try {
      for (const task of readdirSync(`/proc/${members[i]}/task`)) {
        members.push(
          ...readFileSync(`/proc/${members[i]}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
        )
      }
    } catch {
      // It has ended since the list was made.
    }
  }
  return members
}

/** The most memory that service and children together take during a backup with its proof. */
export async function benchMemory (sizes: readonly number[]): Promise<void> {
  const rows: string[][] = []
  for (const size of sizes) {
    const path = database(size)
    for (const compression of ['none', 'zstd', 'gzip']) {
      rows.push(
        await withService(path, async service => {
          const idle = memoryOf(service.child.pid ?? 0)
          let peak = { pss: 0, rss: 0 }
          const timer = setInterval(() => {
            const now = memoryOf(service.child.pid ?? 0)
            peak = { pss: Math.max(peak.pss, now.pss), rss: Math.max(peak.rss, now.rss) }
          }, EVERY)
          const took = await backup(service, { compression, verify: true })
          clearInterval(timer)
          return [
            `${size} MB, ${compression}`,
            megabytes(idle.pss),
            megabytes(peak.pss),
            megabytes(peak.rss),
            seconds(took)
          ]
        })
      )
    }
  }
  printTable('Memory of all processes together, backup and proof', [
    'database',
    'idle',
    'peak',
    'peak, shared pages counted for each',
    'took'
  ], rows)
}
