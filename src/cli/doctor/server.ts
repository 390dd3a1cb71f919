import { about } from './finding.ts'
import type { Examination } from './context.ts'

/** Whether a server runs that makes the automatic backups. */
export const examineServer: Examination = async ({ findServer, sources }, snapshot) => {
  const { ok, warn } = about('server')
  const server = findServer()
  if (server !== undefined) {
    return [
      ok(
        `process ${server.pid} on "${server.host}" has been running since ${
          server.since.slice(0, 19).replace('T', ' ')
        } UTC`
      )
    ]
  }
  const names = new Set(sources.map(({ name }) => name))
  const wanted = (await snapshot?.engine.sources() ?? []).filter(({ name, policy }) =>
    names.has(name) && policy.enabled
  )
  if (wanted.length === 0) return [ok('no server is running')]
  return [
    warn(
      'no server is running, so no automatic backups are made',
      'Start it with "holdfast serve", or with the service manager of the system.'
    )
  ]
}
