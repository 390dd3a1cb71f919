import type { Readable } from 'node:stream'
import { memberChain, setDetailsOf } from '../../../core/backup/members.ts'
import { BackupError } from '../../../core/errors.ts'
import { MAIN, type PartStream } from '../../../core/ports/part.ts'
import type { Source } from '../../../core/ports/source.ts'
import { lastLink, type Restorable } from '../../../core/restore/restorable.ts'
import type { RestoredMember } from '../../../core/restore/restore.ts'
import { chainOf, withChain } from '../../artifacts/chain-images.ts'
import { checkScratch } from '../../artifacts/free-space.ts'
import { requireObject } from '../../artifacts/objects.ts'
import type { EngineDeps } from '../../deps.ts'

/** Bytes that are compared together: the usual size of a page of SQLite. */
const BLOCK = 4096
/** A full copy of the source as it is now. */
const PLAIN = { method: 'full', parent: null, compression: 'none' } as const

/**
 * Which content a database has. `same`: the restored and the previous one are equal; `unknown`: it has been written to
 * so much that neither can be recognized.
 */
export type Content = 'restored' | 'previous' | 'same' | 'unknown'

/**
 * Finds out which content the database of a member has, where the process ended during the transaction that restores
 * it. Its image now is compared with those in the two backups, block by block: only blocks in which these differ count,
 * and the majority decides, for applications may have written to some of them since. Rejects as `readMember` does, with
 * what the snapshot rejects with, and `SOURCE_NOT_FOUND` where the source is no longer configured.
 */
export async function contentOf (
  deps: EngineDeps,
  backupId: number,
  { name, target, safetyBackupId }: RestoredMember,
  signal: AbortSignal
): Promise<Content> {
  if (safetyBackupId === null) return 'unknown'
  const source = deps.sources.get(name)?.source
  if (source === undefined) {
    throw new BackupError('SOURCE_NOT_FOUND', `the source "${name}", which was being restored, is not configured`, {
      hint: `Configure it again with "${target}" to let its restore be completed or undone.`
    })
  }
  return await readMember(
    deps,
    backupId,
    name,
    signal,
    async restored =>
      await readMember(deps, safetyBackupId, name, signal, async previous => {
        const one = await lastLink(restored).images.open(MAIN, signal)
        const other = await lastLink(previous).images.open(MAIN, signal)
        return await withImageOf(source, signal, async now => await majority(now, one, other))
      })
  )
}

/** Lets `work` use the content that a backup has of a member, or of the source alone. Rejects as `chainOf`. */
export async function readMember<T> (
  deps: EngineDeps,
  backupId: number,
  member: string,
  signal: AbortSignal,
  work: (restorable: Restorable) => Promise<T>
): Promise<T> {
  const backup = await deps.catalog.backups.get(backupId)
  requireObject(backup)
  const chain = await chainOf(deps, backup, signal)
  return await withChain(
    deps,
    chain,
    { isOwn: true, requireRoom: bytes => checkScratch(deps, bytes) },
    async restorable =>
      await work(setDetailsOf(lastLink(restorable).manifest) === null ? restorable : memberChain(restorable, member)),
    signal
  )
}

async function withImageOf<T> (source: Source, signal: AbortSignal, work: (image: Readable) => Promise<T>): Promise<T> {
  const snapshot = await source.snapshot(PLAIN, signal)
  try {
    const { value: main } = await snapshot.parts()[Symbol.asyncIterator]().next() as IteratorResult<
      PartStream,
      undefined
    >
    if (main === undefined) throw new BackupError('INTERNAL', `the snapshot of "${source.name}" has no parts`)
    return await work(main.image)
  } finally {
    await snapshot.close()
  }
}

async function majority (now: Readable, restored: Readable, previous: Readable): Promise<Content> {
  const streams = [now, restored, previous].map(stream => blocksOf(stream))
  const counts = { restored: 0, previous: 0 }
  let differs = false
  for (;;) {
    const [here, one, other] = await Promise.all(streams.map(async blocks => (await blocks.next()).value))
    if (one === undefined && other === undefined) break
    if (isEqual(one, other)) continue
    differs = true
    if (isEqual(here, one)) counts.restored++
    if (isEqual(here, other)) counts.previous++
  }
  for (const blocks of streams) await blocks.return(undefined)
  if (!differs) return 'same'
  if (counts.restored === counts.previous) return 'unknown'
  return counts.restored > counts.previous ? 'restored' : 'previous'
}

function isEqual (one: Buffer | undefined, other: Buffer | undefined): boolean {
  return one === undefined || other === undefined ? one === other : one.equals(other)
}

/** The stream in blocks; the last one may be shorter. */
async function* blocksOf (stream: Readable): AsyncGenerator<Buffer, undefined> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of stream) {
    rest = rest.length === 0 ? chunk as Buffer : Buffer.concat([rest, chunk as Buffer])
    let at = 0
    for (; at + BLOCK <= rest.length; at += BLOCK) yield rest.subarray(at, at + BLOCK)
    rest = rest.subarray(at)
  }
  if (rest.length > 0) yield rest
  return undefined
}
