import type { TreeEntry } from '../../../src/core/restore/tree.ts'

export function aTreeEntry (given: Partial<TreeEntry> = {}): TreeEntry {
  return {
    path: 'payloads/2025/one.json',
    pathBytes: null,
    type: 'file',
    size: 1234,
    modified: new Date('2025-11-24T23:30:01.000Z'),
    mode: 0o640,
    uid: 1000,
    gid: 1000,
    target: null,
    sha256: 'a'.repeat(64),
    isUnreadable: false,
    ...given
  }
}
