import { BackupError } from '../../core/errors.ts'
import type { KindContext, KindTools } from '../../core/ports/source-kind.ts'
import type { Inspector, Source } from '../../core/ports/source.ts'
import { MAIN } from '../../core/ports/part.ts'
import type { Restorer } from '../../core/restore/restore.ts'
import { POSTGRES_CHECKS } from './checks.ts'
import { rehearsalSpace } from './cluster-space.ts'
import { locationOf } from './connection.ts'
import type { PostgresContext } from './context.ts'
import { databaseOf, postgresSettings, selectionOf, type POSTGRES_FIELDS, type PostgresValues } from './fields.ts'
import { knownServers, type KnownServers } from './known-servers.ts'
import { partsOf } from './parts.ts'
import { postgresTargets } from './restore-targets.ts'

/**
 * What reads, verifies and restores databases of PostgreSQL. Every command that opens the engine loads this: what works
 * on backups is loaded when it is called.
 */
export function postgresTools (context: Pick<KindContext, 'scratchDir' | 'limits' | 'settings'>): KindTools<
  typeof POSTGRES_FIELDS
> {
  const { scratchDir, limits } = context
  const { directories, runAs } = postgresSettings(context)
  const own: PostgresContext = { scratchDir, limits, programs: directories, runAs: runAs ?? undefined }
  const servers = knownServers()
  return {
    source: (name, values) => sourceOf(name, values, own, servers),
    inspector: inspectorOf(own),
    restorer: restorerOf(own, servers),
    targets: postgresTargets(servers),
    rehearser: {
      space: rehearsalSpace,
      rehearse: async (...args) => await (await import('./rehearse.ts')).postgresRehearser(own).rehearse(...args)
    },
    rows: null,
    tree: null,
    query: null,
    export: null
  }
}

function sourceOf (name: string, values: PostgresValues, own: PostgresContext, servers: KnownServers): Source {
  const database = databaseOf(values)
  if (database === undefined) throw new BackupError('INTERNAL', 'a PostgreSQL source was made without its URL')
  const { globals, programs = own.programs } = values
  servers.remember({ name, database, programs })
  const load = async (): Promise<Source> =>
    (await import('./source.ts')).postgresSource({
      name,
      database,
      selection: selectionOf(values),
      globals,
      directories: programs,
      scratchDir: own.scratchDir
    })
  return {
    name,
    kind: 'postgres',
    location: locationOf(database),
    outline: () => partsOf(globals),
    probe: async (...args) => await (await load()).probe(...args),
    snapshot: async (...args) => await (await load()).snapshot(...args)
  }
}

function inspectorOf (own: PostgresContext): Inspector {
  return {
    checks: POSTGRES_CHECKS,
    inspect: async (...args) => await (await import('./inspect.ts')).postgresInspector(own).inspect(...args)
  }
}

function restorerOf ({ scratchDir, programs }: PostgresContext, servers: KnownServers): Restorer {
  const load = async (): Promise<Restorer> =>
    (await import('./restore.ts')).postgresRestorer({ servers, scratchDir, programs })
  return {
    undoneBy: 'aside',
    needs: () => ({ files: [MAIN], isOwn: true }),
    check: async (...args) => {
      await (await load()).check(...args)
    },
    place: async (...args) => await (await load()).place(...args),
    settle: async (...args) => await (await load()).settle(...args),
    discard: async aside => {
      await (await load()).discard(aside)
    },
    revert: async (...args) => {
      await (await load()).revert(...args)
    },
    counts: async (...args) => await (await load()).counts?.(...args) ?? [],
    holders: async (...args) => await (await load()).holders(...args)
  }
}
