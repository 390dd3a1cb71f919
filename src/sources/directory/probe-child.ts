import { runChild } from '../child.ts'
import { requireGnuTar } from './gnu-tar.ts'
import { placeOf } from './place.ts'
import type { ProbeMessage, ProbeTask } from './protocol.ts'

await runChild<ProbeTask, ProbeMessage>(async ({ path, tar }, send) => {
  const { isFile } = placeOf(path)
  await requireGnuTar(tar)
  await send({ type: 'probed', isFile })
})
