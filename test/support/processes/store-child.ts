import { BackupError } from '../../../src/core/errors.ts'
import { localStore } from '../../../src/stores/local/local.ts'
import { ALONE } from '../catalog/catalog.ts'
import { bodyOf, never } from '../streams.ts'

/**
 * Tries each call on the local store in the directory that is the one argument, and prints what came of it: for a test
 * that runs it as another user.
 */
const store = localStore({
  directory: process.argv[2] ?? '',
  instanceId: 'child',
  presence: ALONE,
  now: () => new Date()
})
const calls: Readonly<Record<string, () => Promise<unknown>>> = {
  open: () => store.open(never),
  put: () => store.put('new', bodyOf('two'), {}, never),
  again: () => store.put('new', bodyOf('three'), {}, never),
  get: () => store.get('a', undefined, never),
  stat: () => store.stat('a', never),
  list: async () => {
    for await (const { key } of store.list('', never)) if (key === '') return
  },
  remove: () => store.remove('a', never),
  move: () => store.move('new', 'b', never)
}

const outcomes: Record<string, string> = {}
for (const [name, call] of Object.entries(calls)) {
  try {
    await call()
    outcomes[name] = 'done'
  } catch (error) {
    outcomes[name] = error instanceof BackupError ? error.code : String(error)
  }
}
process.stdout.write(JSON.stringify(outcomes))
