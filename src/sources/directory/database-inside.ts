import { basename } from 'node:path'

/** PostgreSQL has this file in its data directory. */
const CLUSTER_FILE = 'PG_VERSION'

/** The first bytes of a SQLite database: https://sqlite.org/fileformat2.html. */
export const SQLITE_MAGIC = Buffer.from('SQLite format 3\0')

/** Whether the file shows that its directory has the data of a PostgreSQL server. */
export function isClusterFile (path: Buffer): boolean {
  return path.length >= CLUSTER_FILE.length && basename(path.toString('latin1')) === CLUSTER_FILE
}
