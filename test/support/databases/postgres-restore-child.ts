import { readFileSync } from 'node:fs'
import pg from 'pg'
import type { Link } from '../../../src/core/restore/restorable.ts'
import type { Placement } from '../../../src/core/restore/restore.ts'
import { parseUrl } from '../../../src/sources/postgres/connection.ts'
import { knownServers } from '../../../src/sources/postgres/known-servers.ts'
import { postgresRestorer } from '../../../src/sources/postgres/restore.ts'
import { never } from '../streams.ts'

/** What the process is given as a file of JSON. */
export interface RestoreJob {
  readonly programs: string
  readonly scratchDir: string
  readonly archive: string
  readonly manifest: Link['manifest']
  readonly placement: Placement
}

/**
 * Restores the backup of the job argv[2], and kills itself, without any warning, before the statement number argv[3] to
 * the server is sent if that is even, and right after it was sent if it is odd: two numbers for each statement. Prints
 * the statements, if it lives.
 */
const [path = '', killAt = '-1'] = process.argv.slice(2)
const job = JSON.parse(readFileSync(path, 'utf8')) as RestoreJob
const statements: string[] = []
const original = pg.Client.prototype.query as (...args: unknown[]) => unknown

pg.Client.prototype.query = function (this: pg.Client, ...args: unknown[]): unknown {
  const border = statements.length * 2
  statements.push(String(args[0]))
  if (border === Number(killAt)) process.kill(process.pid, 'SIGKILL')
  const result = original.apply(this, args)
  if (border + 1 === Number(killAt)) process.kill(process.pid, 'SIGKILL')
  return result
} as typeof pg.Client.prototype.query

const servers = knownServers()
servers.remember({ name: 'books', database: parseUrl(job.placement.path), programs: [job.programs] })
const images: Link['images'] = {
  open: async () => await Promise.reject(new Error('the archive is read as a file')),
  file: async () => job.archive
}
const restorer = postgresRestorer({ servers, scratchDir: job.scratchDir, programs: [] })
await restorer.place({ links: [{ manifest: job.manifest, images }] }, job.placement, () => {}, never)
process.stdout.write(JSON.stringify(statements))
