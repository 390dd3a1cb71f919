import { IMAGE_FD, runChild } from '../child.ts'
import { noRoom } from '../../files/no-room.ts'
import { dirname } from 'node:path'
import { placeError, placeOf } from './place.ts'
import type { SnapshotMessage, SnapshotTask } from './protocol.ts'
import { TreeReader } from './tree-reader.ts'

await runChild<SnapshotTask, SnapshotMessage>(async (task, send) => {
  try {
    const place = placeOf(task.path)
    process.chdir(place.directory)
    const reader = new TreeReader(task, place, IMAGE_FD, () => send({ type: 'walking' }))
    await send({ type: 'started' })
    await send({ type: 'facts', facts: await reader.read() })
  } catch (error) {
    throw noRoom(error, dirname(task.list), 'set SCRATCH_DIR to a larger disk') ?? placeError(error, task.path)
  }
})
