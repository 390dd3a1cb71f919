import { randomInt } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import type { PartRecord } from '../../core/ports/part.ts'
import { MANIFEST_LIMIT, serializeManifest, type Manifest } from '../../core/backup/manifest.ts'
import { manifestKey } from '../../core/backup/object-key.ts'
import { BackupError } from '../../core/errors.ts'
import { mismatch } from '../../pipeline/digest.ts'
import { digestObject } from '../../pipeline/read-object.ts'
import type { ObjectLocation } from '../artifacts/locations.ts'
import { readText } from '../artifacts/objects.ts'

/** So many samples are read back of each copy, the first and the last bytes among them, … */
const SAMPLES = 8
/** … each of so many bytes. */
const SAMPLE = 64 * 1024

/**
 * Throws `CHECKSUM_MISMATCH` unless the copy is as long as the object and gives back its bytes, wherever it is looked
 * at. The store has held its own checksum against what was sent before; this finds out one that lies.
 */
export async function verifyCopy (
  original: ObjectLocation,
  copy: ObjectLocation,
  { object }: Pick<PartRecord, 'object'>,
  signal: AbortSignal
): Promise<void> {
  const { size } = await copy.store.stat(copy.key, signal)
  if (size !== object.size) {
    throw new BackupError(
      'CHECKSUM_MISMATCH',
      `the store "${copy.store.name}" reports ${size} bytes instead of ${object.size}`
    )
  }
  for (const start of sampleStarts(object.size)) {
    const range = { start, end: Math.min(object.size, start + SAMPLE) - 1 }
    const read = async ({ store, key }: ObjectLocation): Promise<Buffer> =>
      await buffer(await store.get(key, range, signal))
    const [ours, theirs] = await Promise.all([read(original), read(copy)])
    if (!ours.equals(theirs)) {
      throw new BackupError(
        'CHECKSUM_MISMATCH',
        `the store "${copy.store.name}" returned different bytes than were sent, from byte ${start} on`
      )
    }
  }
}

function sampleStarts (size: number): readonly number[] {
  if (size === 0) return []
  if (size <= SAMPLE * SAMPLES) return Array.from({ length: Math.ceil(size / SAMPLE) }, (_, n) => n * SAMPLE)
  const last = size - SAMPLE
  return [0, last, ...Array.from({ length: SAMPLES - 2 }, () => randomInt(Math.min(last, 2 ** 47)))]
}

/** Whether what lies there is byte for byte the object; the whole of it is read. */
export async function isSameObject (
  place: ObjectLocation,
  { object }: Pick<PartRecord, 'object'>,
  onBytes: (bytes: number) => void,
  signal: AbortSignal
): Promise<boolean> {
  const { size } = await place.store.stat(place.key, signal)
  return size === object.size &&
    mismatch(await digestObject(place.store, place.key, onBytes, signal), object, 'the copy') === undefined
}

/** Whether the manifest that lies beside the copy says the same, to the byte. Rejects as `get` does. */
export async function isSameManifest (
  { store, key }: ObjectLocation,
  manifest: Manifest,
  signal: AbortSignal
): Promise<boolean> {
  return await readText(store, manifestKey(key), MANIFEST_LIMIT, signal) === serializeManifest(manifest)
}
