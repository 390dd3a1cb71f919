import { setsIn, type FileContent } from './file.ts'
import { nearest } from '../core/nearest.ts'
import type { Problem } from './problem.ts'
import type { Sources } from './sources.ts'
import type { Stores } from './stores.ts'

/**
 * Says where a source is to be copied to a store that is not there, or is to give up its local copies without having
 * others.
 */
export function checkCopies (
  { named, own }: Sources,
  { placed }: Stores,
  file: FileContent,
  problems: Problem[]
): void {
  const names = placed.map(({ store }) => store.name)
  const written = [...file.sources, ...setsIn(file.sets, [])]
  for (const { configPath, source: { policy } } of named) {
    for (const name of policy.stores ?? []) {
      if (names.includes(name)) continue
      const meant = nearest(name, names) ?? names[0]
      problems.push({
        name: `${configPath}.stores`,
        problem: `there is no store "${name}"`,
        remedy: meant === undefined
          ? 'Configure the store under "stores" at the top level first.'
          : `Did you mean "${meant}"?`
      })
    }
    const isOwn = written.some(source => source.configPath === configPath && source.fields.has('localRetention'))
    if (isOwn && policy.keepLocal === false && (policy.stores ?? names).length === 0) {
      problems.push({ name: `${configPath}.localRetention`, ...NOWHERE })
    }
  }
  if (
    file.localRetention !== undefined && own.policy.keepLocal === false && (own.policy.stores ?? names).length === 0
  ) {
    problems.push({ name: file.localRetention.name, ...NOWHERE })
  }
}

const NOWHERE = {
  problem: 'is "none", but no store for automatic copies is configured',
  remedy: 'Configure a store under "stores", or BACKUP_S3_BUCKET, so that a copy exists when the local file is removed.'
} as const
