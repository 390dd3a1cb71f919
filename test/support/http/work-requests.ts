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
  'POST /api/backups/{id}/upload': [{}, { store: 'far' }]
}

/**
 * Requests for work: each route of the document that answers 202, so that a new one is among them. `idOf`: the backup
 * to ask for, by path.
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
