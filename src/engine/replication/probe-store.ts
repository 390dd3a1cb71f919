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
  'Written by holdfast to test this store. It may be removed at any time.\n'
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
      return verdictOf('fail', message, hint ?? 'Try again; if the error remains, check the store.')
    })
    findings.set(check, verdict)
    return verdict.status !== 'fail'
  }

  let features: StoreFeatures | undefined
  const isReached = await attempt('reach', async () => {
    features = await store.features(signal)
    await store.list(PROBES, signal)[Symbol.asyncIterator]().next()
    return verdictOf('ok', `it responds at "${store.place}"`)
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
    ...findings.get(check) ??
      verdictOf(
        'skipped',
        isReached ? 'not tested, because the write test failed' : 'not tested, because the store does not respond'
      )
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
  if (code === undefined) return verdictOf('ok', 'an object was written')
  if (key === FIXED && code === 'OBJECT_EXISTS') return verdictOf('ok', 'an object was written by an earlier probe')
  return verdictOf(
    'fail',
    'the store reports that an unused name exists already',
    'Check proxies and gateways between this machine and the store.'
  )
}

async function readBack (store: Store, key: string, signal: AbortSignal): Promise<Verdict> {
  const bytes = await buffer(await store.get(key, undefined, signal))
  return bytes.equals(BYTES)
    ? verdictOf('ok', 'the object was read back unchanged')
    : verdictOf(
      'fail',
      'the store returned different bytes than were written',
      'Do not keep backups in this store until the cause is found.'
    )
}

async function readRange (store: Store, key: string, signal: AbortSignal): Promise<Verdict> {
  const bytes = await buffer(await store.get(key, { start: 11, end: 18 }, signal))
  return bytes.equals(BYTES.subarray(11, 19))
    ? verdictOf('ok', 'a byte range was read')
    : verdictOf(
      'fail',
      'the store returned different bytes than the requested range',
      'Check proxies and gateways between this machine and the store: they must support range requests.'
    )
}

async function stat (store: Store, key: string, signal: AbortSignal): Promise<Verdict> {
  const { size, archived } = await store.stat(key, signal)
  if (archived !== undefined) {
    return verdictOf(
      'fail',
      `the object was put into the storage class "${archived.storageClass}", from which it cannot be read immediately`,
      'Change the default storage class of the bucket: manifests must be readable at any time.'
    )
  }
  return size === BYTES.length
    ? verdictOf('ok', 'the size is reported correctly')
    : verdictOf(
      'fail',
      `the size is reported as ${size} instead of ${BYTES.length}`,
      'Do not keep backups in this store until the cause is found.'
    )
}

async function list (store: Store, key: string, signal: AbortSignal): Promise<Verdict> {
  return await isListed(store, key, signal)
    ? verdictOf('ok', 'the object is listed')
    : verdictOf('fail', 'the object is not listed', 'Try again later. A store with delayed listings is not reliable.')
}

async function overwrite (store: Store, key: string, signal: AbortSignal): Promise<Verdict> {
  const code = await put(store, key, Buffer.from('another'), signal)
  if (code === undefined) {
    return verdictOf(
      'fail',
      'an existing object was overwritten',
      'Check proxies and gateways between this machine and the store: they must support conditional requests.'
    )
  }
  return verdictOf('ok', 'an existing object is not overwritten')
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
  if (code !== undefined) return verdictOf('ok', 'the credentials cannot overwrite objects')
  if (features?.versioning === true) {
    return verdictOf('ok', 'the credentials can overwrite objects, and the old content is kept as an older version')
  }
  return verdictOf(
    'fail',
    'the credentials can overwrite objects',
    'Turn on versioning or Object Lock for the bucket: otherwise an attacker on this machine can overwrite every copy.'
  )
}

async function remove (store: Store, key: string, signal: AbortSignal): Promise<Verdict> {
  await store.remove(key, signal)
  const isThere = await refusal(store.stat(key, signal), ['OBJECT_NOT_FOUND'], signal) === undefined
  if (isThere || await isListed(store, key, signal)) {
    return verdictOf(
      'fail',
      'a removed object still exists',
      'Copies will never be removed: check the rules of the store, and proxies and gateways in front of it.'
    )
  }
  return verdictOf('ok', 'the object was removed')
}

async function removeRefused (store: Store, key: string, signal: AbortSignal): Promise<Verdict> {
  const code = await refusal(store.remove(key, signal), ['STORE_UNAVAILABLE', 'OBJECT_LOCKED'], signal)
  if (code !== undefined) return verdictOf('ok', 'the credentials cannot remove objects')
  return verdictOf(
    'fail',
    'the credentials can remove objects',
    'Revoke their permission to delete: otherwise an attacker on this machine can remove every copy.'
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
  if (ahead === null) return verdictOf('skipped', 'the store does not report its time')
  const [seconds, distance] = [Math.round(Math.abs(ahead) / 1_000), Math.abs(ahead)]
  const difference = `its clock is ${seconds} s ${ahead > 0 ? 'ahead of' : 'behind'} the clock of this machine`
  if (distance > CLOCK_FAILS) {
    return verdictOf(
      'fail',
      difference,
      'Correct the clock of this machine: stores reject requests with such a difference.'
    )
  }
  if (distance > CLOCK_WARNS) {
    return verdictOf('warn', difference, 'Correct the clock of this machine, or turn on time synchronization.')
  }
  return verdictOf('ok', 'its clock agrees with the clock of this machine')
}

function versions (versioning: boolean | null, isAppendOnly: boolean): Verdict {
  if (versioning === null) return verdictOf('skipped', 'the store does not report whether it keeps old versions')
  if (versioning) return verdictOf('ok', 'old versions are kept')
  return isAppendOnly
    ? verdictOf(
      'warn',
      'old versions are not kept',
      'Turn on versioning for the bucket, so that overwritten objects are not lost.'
    )
    : verdictOf('absent', 'old versions are not kept (not required)')
}

function lock (objectLock: boolean | null, hasLock: boolean): Verdict {
  if (objectLock === null) return verdictOf('skipped', 'the store does not report whether it can lock objects')
  if (objectLock) return verdictOf('ok', hasLock ? 'copies can be locked' : 'objects can be locked')
  return hasLock
    ? verdictOf(
      'fail',
      '"lock" is configured, but the bucket has no Object Lock',
      'Turn on Object Lock for the bucket, or remove "lock".'
    )
    : verdictOf('absent', 'objects cannot be locked (not required)')
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
