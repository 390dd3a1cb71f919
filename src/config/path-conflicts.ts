import { contains } from '../files/contains.ts'
import { realPathSync } from '../files/real-path.ts'
import { sourceKindOf } from '../sources/index.ts'
import type { Problem } from './problem.ts'
import { OWN_SOURCE, pathsOf, type Sources } from './sources.ts'

export interface ServicePaths {
  readonly backupDir: string
  readonly dataDir: string
  readonly scratchDir: string
}

/**
 * Says where one place would get into the way of another. Compares what the paths lead to, not how they are written.
 */
export function checkPaths (paths: ServicePaths, { named, own }: Sources, problems: Problem[]): void {
  const [backups, data, scratch] = [
    realPathSync(paths.backupDir),
    realPathSync(paths.dataDir),
    realPathSync(paths.scratchDir)
  ]
  const report = (name: string, problem: string, remedy: string): void => {
    problems.push({ name, problem, remedy })
  }

  if (contains(backups, data)) {
    report(
      'DATA_DIR',
      `"${paths.dataDir}" is in BACKUP_DIR`,
      'Use separate directories; BACKUP_DIR may be inside DATA_DIR.'
    )
  }
  if (contains(backups, scratch)) {
    report(
      'SCRATCH_DIR',
      `"${paths.scratchDir}" is in BACKUP_DIR`,
      'Use a separate directory: its content is removed when the service starts.'
    )
  }
  for (const [name, place] of [['BACKUP_DIR', backups], ['DATA_DIR', data]] as const) {
    if (contains(scratch, place)) {
      report(
        'SCRATCH_DIR',
        `"${paths.scratchDir}" contains ${name}`,
        'Use a separate directory: its content is removed when the service starts.'
      )
    }
  }
  const catalog = pathsOf(own).map(({ path }) => realPathSync(path))
  for (const { configPathOf, source } of named) {
    const { noun } = sourceKindOf(source)
    for (const { field, path } of pathsOf(source)) {
      const [name, place] = [configPathOf(field), realPathSync(path)]
      if (catalog.includes(place)) {
        report(
          name,
          `"${path}" is the service's own catalog`,
          `Remove it: the catalog is backed up as the source "${OWN_SOURCE}".`
        )
      } else if (contains(backups, place)) {
        report(name, `"${path}" is in BACKUP_DIR`, `Keep the ${noun} and its backups in separate directories.`)
      } else if (contains(scratch, place)) {
        report(
          name,
          `"${path}" is in SCRATCH_DIR`,
          `Move the ${noun} out of it: its content is removed when the service starts.`
        )
      } else {
        for (
          const [variable, own] of [['BACKUP_DIR', backups], ['DATA_DIR', data], ['SCRATCH_DIR', scratch]] as const
        ) {
          if (!contains(place, own)) continue
          report(
            name,
            `"${path}" contains ${variable}`,
            `Use a directory outside the ${noun} for ${variable}: a backup would contain itself, and a restore would replace it.`
          )
        }
      }
    }
  }
}

/** Reports the directories that are inside a directory of the service or a source: no restore to them is allowed. */
export function checkRestoreDirs (
  restoreDirs: readonly string[],
  paths: ServicePaths,
  { named }: Pick<Sources, 'named'>,
  problems: Problem[]
): void {
  if (restoreDirs.length === 0) return
  const own =
    ([['BACKUP_DIR', paths.backupDir], ['DATA_DIR', paths.dataDir], ['SCRATCH_DIR', paths.scratchDir]] as const)
      .map(([name, path]) => [name, realPathSync(path)] as const)
  const sources = named.map(({ source }) => ({ source, places: pathsOf(source).map(({ path }) => realPathSync(path)) }))
  for (const directory of restoreDirs) {
    const target = realPathSync(directory)
    for (const [name, place] of own) {
      if (contains(place, target)) {
        problems.push({
          name: 'RESTORE_DIRS',
          problem: `"${directory}" is in ${name}, to which no restore is allowed`,
          remedy: 'Use directories outside those of the service.'
        })
      }
    }
    const around = sources.find(({ places }) => places.some(place => contains(place, target)))
    if (around !== undefined) {
      const { source } = around
      problems.push({
        name: 'RESTORE_DIRS',
        problem: `"${directory}" is in the ${
          sourceKindOf(source).noun
        } of "${source.name}", to which no restore is allowed`,
        remedy: 'Use directories outside the sources.'
      })
    }
  }
}
