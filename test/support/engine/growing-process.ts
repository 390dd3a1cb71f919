import { openEngine } from '../../../src/app/open-engine.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { loadKinds } from '../../../src/core/ports/source-kind.ts'
import { NO_HOOKS } from '../../../src/core/hooks.ts'
import type { ProtectedSource } from '../../../src/core/protected-source.ts'
import type { EngineDeps } from '../../../src/engine/deps.ts'
import type { Engine } from '../../../src/engine/engine.ts'
import { makeEngine } from '../../../src/engine/make-engine.ts'
import { DEFAULT_LIMITS } from '../../../src/sources/subprocess.ts'
import { growingKind, GrowingSource } from '../sources/growing-source.ts'
import { memoryRestorer } from '../sources/memory-source.ts'
import { LINE } from './growing.ts'

const silent = { debug () {}, info () {}, warn () {}, error () {} }

export interface GrowingProcess {
  readonly engine: Engine
  readonly deps: EngineDeps
  close(grace: number): Promise<void>
}

/**
 * Opens what a process left in `home`, as the next start of the service does, with the source `notes` in addition: its
 * text has a line more than it has completed backups.
 */
export async function openGrowing (home: string): Promise<GrowingProcess> {
  const config = loadConfig({ BACKUP_DIR: `${home}/backups`, DATA_DIR: `${home}/data`, MAX_BACKUPS: '100' }, home)
  const { deps: opened, close } = await openEngine(config, { logger: silent })
  const { count } = await opened.catalog.backups.list({ source: 'notes', status: 'completed', limit: 1 })
  const source = new GrowingSource('notes')
  source.bytes = Buffer.from(LINE.repeat(count + 1))
  const kinds = await loadKinds([growingKind(memoryRestorer([]))], {
    scratchDir: opened.scratch.directory,
    limits: DEFAULT_LIMITS
  })
  const notes: ProtectedSource = {
    source,
    policy: { maxChainLength: 1000 },
    assertions: [],
    hooks: NO_HOOKS,
    members: []
  }
  const deps: EngineDeps = {
    ...opened,
    kinds: new Map([...opened.kinds, ...kinds]),
    sources: new Map([...opened.sources, ['notes', notes]])
  }
  return { engine: makeEngine(deps), deps, close }
}
