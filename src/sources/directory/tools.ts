import type { KindContext, KindTools } from '../../core/ports/source-kind.ts'
import type { Importer, Inspector } from '../../core/ports/source.ts'
import type { Rehearser } from '../../core/restore/rehearsal.ts'
import type { Restorer } from '../../core/restore/restore.ts'
import type { TreeTool } from '../../core/restore/tree.ts'
import { totalImageOf } from '../../core/backup/manifest.ts'
import { DIRECTORY_CHECKS } from './checks.ts'
import { readOptions, type DIRECTORY_FIELDS } from './fields.ts'
import { RESTORE_NEEDS } from './restore-needs.ts'
import { directorySource, type DirectorySourceOptions } from './source.ts'

/**
 * What reads, verifies and restores directories. Every command that opens the engine loads this: what works on backups
 * is loaded when it is called.
 */
export function directoryTools ({ scratchDir, limits }: Pick<KindContext, 'scratchDir' | 'limits'>): KindTools<
  typeof DIRECTORY_FIELDS
> {
  return {
    source (name, values) {
      const options = { name, path: values.path ?? '', ...readOptions(values), scratchDir, limits }
      return { ...directorySource(options), importer: lazyImporter(options) }
    },
    inspector,
    restorer,
    rehearser: rehearserIn(scratchDir),
    rows: null,
    tree,
    query: null,
    export: null
  }
}

function lazyImporter (options: DirectorySourceOptions): Importer {
  const load = async (): Promise<Importer> => (await import('./importer.ts')).directoryImporter(options)
  return {
    forms: async () => await (await load()).forms(),
    prepare: async (...args) => await (await load()).prepare(...args)
  }
}

const inspector: Inspector = {
  checks: DIRECTORY_CHECKS,
  inspect: async (...args) => await (await import('./inspect.ts')).directoryInspector().inspect(...args)
}

async function loadRestorer (): Promise<Restorer> {
  return (await import('./restore.ts')).directoryRestorer()
}

const restorer: Restorer = {
  undoneBy: 'aside',
  needs: () => RESTORE_NEEDS,
  check: async (...args) => {
    await (await loadRestorer()).check(...args)
  },
  place: async (...args) => await (await loadRestorer()).place(...args),
  settle: async (...args) => await (await loadRestorer()).settle(...args),
  discard: async aside => {
    await (await loadRestorer()).discard(aside)
  },
  revert: async (...args) => {
    await (await loadRestorer()).revert(...args)
  },
  holders: async (...args) => await (await loadRestorer()).holders(...args)
}

function rehearserIn (scratchDir: string): Rehearser {
  return {
    space: chain => chain.reduce((sum, manifest) => sum + totalImageOf(manifest), 0),
    rehearse: async (...args) => await (await import('./rehearse.ts')).directoryRehearser(scratchDir).rehearse(...args)
  }
}

const tree: TreeTool = {
  list: async (...args) => await (await import('./tree.ts')).directoryTree.list(...args),
  async *entries (...args) {
    yield* (await import('./tree.ts')).directoryTree.entries(...args)
  }
}
