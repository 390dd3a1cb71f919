import { open } from 'node:fs/promises'

const MAGIC = 'SQLite format 3\0'
/** The file format read version, and its value for a database in WAL mode: https://sqlite.org/fileformat2.html. */
const READ_VERSION_AT = 19
const WAL_VERSION = 2

/**
 * Whether the file is a SQLite database in WAL mode. Opens the file, and so may be asked only in a process that holds
 * no connection to it: closing a descriptor of a database drops the locks that its process has on it.
 */
export async function isWalDatabase (path: string): Promise<boolean> {
  const header = await readHeader(path)
  return isDatabase(header) && header[READ_VERSION_AT] === WAL_VERSION
}

/** Whether the file is a SQLite database at all. Opens the file, as above. */
export async function isSqliteDatabase (path: string): Promise<boolean> {
  return isDatabase(await readHeader(path))
}

function isDatabase (header: Buffer): boolean {
  return header.toString('latin1', 0, MAGIC.length) === MAGIC
}

async function readHeader (path: string): Promise<Buffer> {
  const handle = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(100), 0, 100, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}
