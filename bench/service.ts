import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { startService, type Service } from '../test/support/processes/service.ts'
import { tokenFor } from '../test/support/http/token.ts'
import { BENCH_DIRECTORY } from './databases.ts'

/** Runs `work` with a fresh service that protects the database at `path`; nothing of it stays. */
export async function withService<T> (
  path: string,
  work: (service: Service, home: string) => Promise<T>,
  environment: Readonly<Record<string, string>> = {},
  prepare?: (home: string) => Promise<void>
): Promise<T> {
  const home = emptyHome()
  try {
    await prepare?.(home)
    const service = await startService({ after: () => {} }, home, {
      DATABASE_PATH: path,
      MAX_BACKUPS: '1',
      LOG_LEVEL: 'info',
      ...environment
    }, tokenFor('admin'))
    try {
      return await work(service, home)
    } finally {
      await service.kill('SIGTERM')
    }
  } finally {
    removeHome(home)
  }
}

/** A directory for one service, beside the databases of the benchmarks. */
export function emptyHome (): string {
  mkdirSync(BENCH_DIRECTORY, { recursive: true })
  return mkdtempSync(join(BENCH_DIRECTORY, 'home-'))
}

export function removeHome (home: string): void {
  rmSync(home, { recursive: true, force: true })
}

/** Makes one backup and returns the milliseconds until its answer came. */
export async function backup (
  service: Service,
  request: { readonly compression: string, readonly verify: boolean }
): Promise<number> {
  const startedAt = performance.now()
  const { status, body } = await service.call('POST', '/api/backups', request)
  if (status !== 201) throw new Error(JSON.stringify(body))
  return performance.now() - startedAt
}
