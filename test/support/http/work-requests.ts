import type { Backup } from '../../../src/core/backup/backup.ts'
import { STARTED } from '../builders/backup.ts'
import type { TestEngine } from '../engine/engine.ts'
import type { Json } from './server.ts'

export interface Wish {
  readonly method: string
  readonly url: string
  readonly payload?: object
}

/** What each route needs to be asked with, beyond a backup's id, to take work at all. */
const BODIES: Readonly<Record<string, readonly object[]>> = {
  'POST /api/backups': [{}, { upload: true }],
  'POST /api/backups/prune': [{ dryRun: true }, { dryRun: false }],
  'POST /api/backups/{id}/restore': [{ confirm: true }],
  'POST /api/backups/{id}/rescue': [{ tables: ['invoice'], dryRun: true }, { tables: ['invoice'], dryRun: false }],
  'POST /api/backups/{id}/upload': [{}, { store: 'far' }],
  'POST /api/restores/{id}/undo': [{ confirm: true }],
  'POST /api/restores/{id}/discard': [{ confirm: true }]
}

/** The row of a restore into the source that kept the previous content, as its undo needs it. */
export async function keptRestore (
  { deps }: Pick<TestEngine, 'deps'>,
  { id, source }: Pick<Backup, 'id' | 'source'>
): Promise<number> {
  const { restores } = deps.catalog
  const target = deps.sources.get(source)!.source.location
  const aside = `${target}.before-restore`
  const row = await restores.start({
    kind: 'restore',
    backupId: id,
    source,
    target,
    mode: 'replace',
    aside,
    actor: null,
    startedAt: STARTED
  })
  await restores.complete(row.id, { bytes: 1, restoreTime: 1, aside, warnings: [], at: STARTED })
  return row.id
}

/**
 * Requests for work: each route of the document that answers 202, so that a new one is among them. `idOf`: the backup
 * or restore to ask for, by path.
 */
export function wishesOf (document: Json, idOf: (path: string) => number): Wish[] {
  return Object.entries<Json>(document.paths).flatMap(([path, methods]) =>
    Object.entries<Json>(methods).flatMap(([name, operation]): Wish[] => {
      const method = name.toUpperCase()
      if (!('202' in operation.responses) || method === 'HEAD') return []
      const url = path.replace('{id}', String(idOf(path)))
      return (BODIES[`${method} ${path}`] ?? [undefined]).map(payload => ({
        method,
        url,
        ...payload !== undefined && { payload }
      }))
    })
  )
}
