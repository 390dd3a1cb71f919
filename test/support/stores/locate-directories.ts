import { BackupError } from '../../../src/core/errors.ts'
import type { Store } from '../../../src/core/ports/store.ts'
import type { LocatedStore } from '../../../src/engine/deps.ts'
import { localStore } from '../../../src/stores/local/local.ts'
import { ALONE } from '../catalog/catalog.ts'
import { faulty, type Faults } from '../faults.ts'

/**
 * Places as `file:///dir` alone, which give no files away, as a bucket does not; `faults` reaches their stores as
 * `place`.
 */
export function locateDirectories (known: () => readonly Store[], faults: Faults): (url: string) => LocatedStore {
  return url => {
    if (!url.startsWith('file:///')) {
      throw new BackupError('VALIDATION_FAILED', `"${url}" is no URL of a store`, {
        hint: 'Give one like file:///mnt/disk.'
      })
    }
    const directory = url.slice('file://'.length)
    return {
      kind: 'directory',
      url,
      known: known().find(({ place }) => place === directory),
      make: async name =>
        faulty('place', {
          ...localStore({ name, directory, instanceId: 'test', presence: ALONE, now: () => new Date(0) }),
          file: async () => undefined
        }, faults)
    }
  }
}
