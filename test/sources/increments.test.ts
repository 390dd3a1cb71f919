import { loadKinds } from '../../src/core/ports/source-kind.ts'
import { DEFAULT_LIMITS } from '../../src/sources/subprocess.ts'
import { growingKind, GrowingSource } from '../support/sources/growing-source.ts'
import { memoryRestorer } from '../support/sources/memory-source.ts'
import { digestOf } from '../support/streams.ts'
import { tempDir } from '../support/temp-dir.ts'
import { incrementSuite } from '../suites/increment-suite.ts'

incrementSuite('growing text', async t => {
  const source = new GrowingSource('notes')
  const kinds = await loadKinds([growingKind(memoryRestorer([source]))], {
    scratchDir: tempDir(t),
    limits: DEFAULT_LIMITS
  })
  return {
    kind: [...kinds.values()][0]!,
    source,
    placement: {
      mode: 'replace',
      path: source.location,
      overwrite: false,
      timeout: 5000,
      aside: '/memory/aside',
      isConfined: false
    },
    content: () => digestOf(source.bytes).sha256,
    change: () => {
      source.add('one line more\n')
    }
  }
})
