import { readFileSync } from 'node:fs'
import type { Manifest } from '../../../src/core/backup/manifest.ts'
import type { PlainImages } from '../../../src/core/ports/images.ts'
import type { SnapshotRequest } from '../../../src/core/ports/source.ts'
import type { Restorable } from '../../../src/core/restore/restorable.ts'
import { fileImages } from '../../../src/engine/artifacts/images.ts'
import { manifestOf } from '../catalog/catalog.ts'
import { digestOf } from '../streams.ts'

/** What a backup without compression asks of its source. */
export const FULL: SnapshotRequest = { compression: 'none', method: 'full', parent: null }

/** The images of a backup whose only part is the file at `path`. */
export function imagesOf (path: string): PlainImages {
  return fileImages(path)
}

/** The manifest of a backup of the file at `path`, as it is now; `given`: other fields of it. */
export function manifestOfFile (path: string, given: Partial<Manifest> = {}): Manifest {
  return manifestOf({ id: 1 }, { image: digestOf(readFileSync(path)), ...given })
}

/** A backup whose only part is the file at `path`, as it is now; `given`: other fields of its manifest. */
export function restorableOf (path: string, given: Partial<Manifest> = {}): Restorable {
  return { links: [{ manifest: manifestOfFile(path, given), images: imagesOf(path) }] }
}
