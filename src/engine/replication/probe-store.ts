import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { PROBES } from '../../core/backup/object-key.ts'
import { toBackupError, type ErrorCode } from '../../core/errors.ts'
import {
  PROBE_CHECKS,
  type ProbeCheck,
  type ProbeFinding,
  type ProbeStatus,
  type StoreProbe
} from '../../core/ports/store-probe.ts'
import type { Store, StoreFeatures } from '../../core/ports/store.ts'
import type { OffsiteStore } from '../deps.ts'

/** Where nothing can be removed every probe uses the same object, so that they do not add up. */
const FIXED = `${PROBES}may-stay.txt`
const BYTES = Buffer.from(
  'Written by holdfast to see whether copies can be kept here. It may be removed at any time.\n'
)
/** A clock that differs by more is worth a word: schedules and locks go by it. Milliseconds. */
const CLOCK_WARNS = 60_000
/** By more than this AWS refuses every request. Milliseconds. */
const CLOCK_FAILS = 15 * 60_000

export interface Probed extends Pick<OffsiteStore, 'store' | 'isAppendOnly' | 'hasLock'> {
  /**
   * Rejects where nothing may be written: with `STORE_FOREIGN`, where the store is another installation's. Asked once
   * the store answers.
   */
  readonly requireWritable: (signal: AbortSignal) => Promise<void>
}

type Verdict = Omit<ProbeFinding, 'check'>
type Trial = () => Promise<Verdict>

/**
 * Tries everything that copies need of a store, with one small object, and tells what it found. In an append-only store
 * it proves that our own credentials can neither remove nor overwrite; its object stays there. What goes wrong is a
 * finding; rejects only with the signal's reason.
 */
export async function probeStore (probed: Probed, signal: AbortSignal): Promise<StoreProbe> {
  const { store, isAppendOnly } = probed
  const key = isAppendOnly ? FIXED : `${PROBES}${randomUUID()}.txt`
  const findings = new Map<ProbeCheck, Verdict>()
  const attempt = async (check: ProbeCheck, trial: Trial): Promise<boolean> => {
    const verdict = await trial().catch((thrown: unknown) => {
      signal.throwIfAborted()
      const { message, hint } = toBackupError(thrown)
      return verdictOf('fail', message, hint ?? 'Try again; if it stays so, look at the store.')
    })
    findings.set(check, verdict)
    return verdict.status !== 'fail'
  }

  let features: StoreFeatures | undefined
  const isReached = await attempt('reach', async () => {
    features = await store.features(signal)
    await store.list(PROBES, signal)[Symbol.asyncIterator]().next()
    return verdictOf('ok', `it answers at "${store.place}"`)
  })
  const isWritten = isReached && await attempt('write', async () => {
    await probed.requireWritable(signal)
    return await write(store, key, signal)
  })
  if (isWritten) {
    try {
      for (const [check, trial] of trials(probed, key, features, signal)) await attempt(check, trial)
    } finally {
      // What failed half-way must not stay: its own failure has been told.
      if (!isAppendOnly && findings.get('delete')?.status !== 'ok') {
        await store.remove(key, AbortSignal.timeout(30_000)).catch(() => {})
      }
    }
  }
  if (features !== undefined) {
    for (const [check, verdict] of aboutItself(features, probed)) findings.set(check, verdict)
  }
  const told = PROBE_CHECKS.map(check => ({
    check,
    ...findings.get(check) ?? verdictOf('skipped', isReached ? 'nothing could be written' : 'it does not answer')
  }))
  return { store: store.name, ok: !told.some(({ status }) => status === 'fail'), findings: told }
}

function trials (
  { store, isAppendOnly }: Probed,
  key: string,
  features: StoreFeatures | undefined,
  signal: AbortSignal
): ReadonlyArray<readonly [ProbeCheck, Trial]> {
  return [
    ['read', () => readBack(store, key, signal)],
    ['range', () => readRange(store, key, signal)],
    ['stat', () => stat(store, key, signal)],
    ['list', () => list(store, key, signal)],
    ['overwrite', () => isAppendOnly ? replace(store, key, features, signal) : overwrite(store, key, signal)],
    ['delete', () => isAppendOnly ? removeRefused(store, key, signal) : remove(store, key, signal)]
  ]
}

async function write (store: Store, key: string, signal: AbortSignal): Promise<Verdict> {
  const code = await put(store, key, BYTES, signal)
  if (code === undefined) return verdictOf('ok', 'an object can be written')
  if (key === FIXED && code === 'OBJECT_EXISTS') return verdictOf('ok', 'an object was written by an earlier probe')
  return verdictOf(
    'fail',
    'a name that nobody has used is said to be taken',
    'Look at what stands between this machine and the store.'
  )
}

async function readBack (store: Store, key: string, signal: AbortSignal): Promise<Verdict> {
  const bytes = await buffer(await store.get(key, undefined, signal))
  return bytes.equals(BYTES)
    ? verdictOf('ok', 'it is read back as it was written')
    : verdictOf(
      'fail',
      'other bytes come back than were written',
      'Do not keep backups there before the reason is found.'
    )
}

async function readRange (store: Store, key: string, signal: AbortSignal): Promise<Verdict> {
  const bytes = await buffer(await store.get(key, { start: 11, end: 18 }, signal))
  return bytes.equals(BYTES.subarray(11, 19))
    ? verdictOf('ok', 'a part of it can be read alone')
    : verdictOf(
      'fail',
      'other bytes come back than those that were asked for',
      'Look at what stands between this machine and the store: it must pass ranges on.'
    )
}

async function stat (store: Store, key: string, signal: AbortSignal): Promise<Verdict> {
  const { size, archived } = await store.stat(key, signal)
  if (archived !== undefined) {
    return verdictOf(
      'fail',
      `it went into the storage class "${archived.storageClass}", from which it cannot be read at once`,
      'Change the default of the bucket: manifests have to be read at any time.'
    )
  }
  return size === BYTES.length
    ? verdictOf('ok', 'its length is told')
    : verdictOf(
      'fail',
      `its length is told as ${size} and not ${BYTES.length}`,
      'Do not keep backups there before the reason is found.'
    )
}

async function list (store: Store, key: string, signal: AbortSignal): Promise<Verdict> {
  return await isListed(store, key, signal)
    ? verdictOf('ok', 'it is listed')
    : verdictOf('fail', 'it is not listed', 'Wait and try again: a store whose lists come late cannot be relied on.')
}

async function overwrite (store: Store, key: string, signal: AbortSignal): Promise<Verdict> {
  const code = await put(store, key, Buffer.from('another'), signal)
  if (code === undefined) {
    return verdictOf(
      'fail',
      'an object that was there was overwritten',
      'Look at what stands between this machine and the store: it must pass conditions on.'
    )
  }
  return verdictOf('ok', 'what is there is not overwritten')
}

/** By force: the same bytes again, which do no harm where they are taken. */
async function replace (
  store: Store,
  key: string,
  features: StoreFeatures | undefined,
  signal: AbortSignal
): Promise<Verdict> {
  const code = await refusal(store.put(key, Readable.from([BYTES]), { size: BYTES.length, replace: true }, signal), [
    'STORE_UNAVAILABLE',
    'OBJECT_LOCKED',
    'OBJECT_EXISTS'
  ], signal)
  if (code !== undefined) return verdictOf('ok', 'our own credentials cannot overwrite')
  if (features?.versioning === true) {
    return verdictOf('ok', 'our own credentials can overwrite, and what was there before is kept as an older version')
  }
  return verdictOf(
    'fail',
    'our own credentials can overwrite what is there',
    'Keep versions in the bucket, or use Object Lock: otherwise whoever takes over this machine can make every copy worthless.'
  )
}

async function remove (store: Store, key: string, signal: AbortSignal): Promise<Verdict> {
  await store.remove(key, signal)
  const isThere = await refusal(store.stat(key, signal), ['OBJECT_NOT_FOUND'], signal) === undefined
  if (isThere || await isListed(store, key, signal)) {
    return verdictOf(
      'fail',
      'what was removed is still there',
      'Copies will never go: look at the rules of the store, and at what stands in front of it.'
    )
  }
  return verdictOf('ok', 'it can be removed, and is then gone')
}

async function removeRefused (store: Store, key: string, signal: AbortSignal): Promise<Verdict> {
  const code = await refusal(store.remove(key, signal), ['STORE_UNAVAILABLE', 'OBJECT_LOCKED'], signal)
  if (code !== undefined) return verdictOf('ok', 'our own credentials cannot remove')
  return verdictOf(
    'fail',
    'our own credentials can remove what is there',
    'Give them no permission to delete: otherwise whoever takes over this machine can remove every copy.'
  )
}

function aboutItself (
  { clockAhead, versioning, objectLock }: StoreFeatures,
  { isAppendOnly, hasLock }: Probed
): ReadonlyArray<readonly [ProbeCheck, Verdict]> {
  return [['clock', clock(clockAhead)], ['versions', versions(versioning, isAppendOnly)], [
    'lock',
    lock(objectLock, hasLock)
  ]]
}

function clock (ahead: number | null): Verdict {
  if (ahead === null) return verdictOf('skipped', 'it does not tell its time')
  const [seconds, distance] = [Math.round(Math.abs(ahead) / 1_000), Math.abs(ahead)]
  const difference = `its clock is ${seconds} s ${ahead > 0 ? 'ahead of' : 'behind'} ours`
  if (distance > CLOCK_FAILS) {
    return verdictOf('fail', difference, 'Set the clock of this machine: so large a difference is refused.')
  }
  if (distance > CLOCK_WARNS) {
    return verdictOf('warn', difference, 'Set the clock of this machine, or have it set over the network.')
  }
  return verdictOf('ok', 'its clock and ours agree')
}

function versions (versioning: boolean | null, isAppendOnly: boolean): Verdict {
  if (versioning === null) return verdictOf('skipped', 'whether old versions are kept cannot be found out')
  if (versioning) return verdictOf('ok', 'old versions are kept')
  return isAppendOnly
    ? verdictOf(
      'warn',
      'old versions are not kept',
      'Keep versions in the bucket: what is overwritten is then not lost.'
    )
    : verdictOf('ok', 'old versions are not kept')
}

function lock (objectLock: boolean | null, hasLock: boolean): Verdict {
  if (objectLock === null) return verdictOf('skipped', 'whether objects can be locked cannot be found out')
  if (objectLock) return verdictOf('ok', hasLock ? 'copies can be locked' : 'objects can be locked')
  return hasLock
    ? verdictOf(
      'fail',
      'copies are to be locked, and the bucket has no Object Lock',
      'Turn Object Lock on for the bucket, or leave "lock" out.'
    )
    : verdictOf('ok', 'objects cannot be locked')
}

/** `OBJECT_EXISTS` where the name was taken; undefined: it was written. */
async function put (store: Store, key: string, bytes: Buffer, signal: AbortSignal): Promise<ErrorCode | undefined> {
  return await refusal(
    store.put(key, Readable.from([bytes]), { size: bytes.length }, signal),
    ['OBJECT_EXISTS'],
    signal
  )
}

/** The code with which it was refused, if it is one of these; undefined: it was done. Every other failure is thrown. */
async function refusal (
  call: Promise<unknown>,
  codes: readonly ErrorCode[],
  signal: AbortSignal
): Promise<ErrorCode | undefined> {
  try {
    await call
    return undefined
  } catch (thrown) {
    signal.throwIfAborted()
    const { code } = toBackupError(thrown)
    if (codes.includes(code)) return code
    throw thrown
  }
}

async function isListed (store: Store, key: string, signal: AbortSignal): Promise<boolean> {
  for await (const found of store.list(key, signal)) if (found.key === key) return true
  return false
}

function verdictOf (status: ProbeStatus, message: string, remedy: string | null = null): Verdict {
  return { status, message, remedy }
}
