import { accessSync, constants, openSync, statSync } from 'node:fs'
import { runChild } from '../child.ts'
import { sourceError } from './errors.ts'
import { contentSize } from './header.ts'
import { requireOneName } from './one-name.ts'
import { lacksIndex } from './read-only.ts'
import type { ProbeMessage, ProbeTask } from './protocol.ts'

await runChild<ProbeTask, ProbeMessage>(async ({ path }, send) => {
  try {
    const real = requireOneName(path)
    const stats = statSync(real)
    accessSync(real, constants.R_OK)
    const wal = statSync(`${real}-wal`, { throwIfNoEntry: false })
    // Open until this process ends. What is no file, and would be waited for, is told by the backup.
    const content = stats.isFile()
      ? contentSize(openSync(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK))
      : stats.size
    const size = content + (wal?.size ?? 0)
    await send({ type: 'probed', probe: { size, scratch: wal === undefined || lacksIndex(real) ? size : 0 } })
  } catch (error) {
    throw sourceError(error, path)
  }
})
