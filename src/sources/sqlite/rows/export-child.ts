import type { ExportedTable } from '../../../core/ports/export.ts'
import { IMAGE_FD, runChild } from '../../child.ts'
import { sourceError } from '../errors.ts'
import { beFrugal, openImmutable } from '../open.ts'
import { writeFully } from '../pages.ts'
import { exportRows } from './export-rows.ts'
import { openToRead, READ_TIMEOUT, transaction } from './live-read.ts'
import type { ExportMessage, ExportTask } from './protocol.ts'

await runChild<ExportTask, ExportMessage>(async (task, send) => {
  try {
    await send({ type: 'exported', ...task.isLive ? await fromLive(task) : fromImage(task) })
  } catch (error) {
    throw sourceError(error, task.path)
  }
})

function fromImage ({ path, request }: ExportTask): ExportedTable {
  const db = openImmutable(path)
  try {
    return exportRows(db, request, 'the backup', write)
  } finally {
    db.close()
  }
}

/** In one read transaction. The connection may have been opened for writing, and writes nothing. */
async function fromLive ({ path, request }: ExportTask): Promise<ExportedTable> {
  const db = await openToRead(path, READ_TIMEOUT)
  try {
    return await transaction(db, 'BEGIN', path, READ_TIMEOUT, () => {
      db.pragma('query_only = ON')
      beFrugal(db)
      return exportRows(db, request, 'the live database', write)
    })
  } finally {
    db.close()
  }
}

function write (bytes: Buffer): void {
  writeFully(IMAGE_FD, bytes)
}
