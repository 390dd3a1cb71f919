import { contains } from '../files/contains.ts'
import { realPathSync } from '../files/real-path.ts'
import { sourceKindOf } from '../sources/index.ts'
import { storeKindOf } from '../stores/index.ts'
import type { SourceConfig, StoreConfig } from './config.ts'
import type { ServicePaths } from './path-conflicts.ts'
import type { Problem } from './problem.ts'
import { pathsOf, type Sources } from './sources.ts'
import type { StoreEntry } from './stores.ts'

/** Says where a store is the place of another one, or a directory in which it would meet what is not its own. */
export function checkStoreLocations (
  placed: readonly StoreEntry[],
  paths: ServicePaths,
  { named, own }: Sources,
  problems: Problem[]
): void {
  for (const [index, { configPath, store }] of placed.entries()) {
    const other = placed.slice(0, index).find(before => isOverlap(before.store, store))
    if (other !== undefined) {
      problems.push({
        name: configPath,
        problem: `is at the same location as ${other.configPath}`,
        remedy: 'Keep one of the two, or give each its own prefix or directory, neither inside the other.'
      })
    }
    for (const { field, path } of localPaths(store)) {
      const problem = directoryProblem(path, paths, [...named.map(({ source }) => source), own])
      if (problem !== undefined) problems.push({ name: `${configPath}.${field}`, ...problem })
    }
  }
}

function directoryProblem (
  path: string,
  { backupDir, dataDir, scratchDir }: ServicePaths,
  sources: readonly SourceConfig[]
): Pick<Problem, 'problem' | 'remedy'> | undefined {
  const directory = realPathSync(path)
  const [backups, data, scratch] = [realPathSync(backupDir), realPathSync(dataDir), realPathSync(scratchDir)]
  const complaint = (problem: string, remedy: string): Pick<Problem, 'problem' | 'remedy'> => ({
    problem: `"${path}" ${problem}`,
    remedy
  })
  if (contains(backups, directory)) {
    return complaint('is in BACKUP_DIR', 'Use a different directory, preferably on another disk.')
  }
  if (contains(directory, backups)) {
    return complaint('contains BACKUP_DIR', 'Use a different directory, preferably on another disk.')
  }
  if (contains(scratch, directory)) {
    return complaint(
      'is in SCRATCH_DIR',
      'Use a separate directory: the content of SCRATCH_DIR is removed when the service starts.'
    )
  }
  if (contains(directory, data) || contains(directory, scratch)) {
    return complaint('contains files of the service', 'Use a separate directory for the store.')
  }
  for (const source of sources) {
    const described = `the ${sourceKindOf(source).noun} of "${source.name}"`
    for (const place of pathsOf(source).map(({ path }) => realPathSync(path))) {
      if (contains(directory, place)) {
        return complaint(`contains ${described}`, 'Use a separate directory for the store.')
      }
      if (contains(place, directory)) {
        return complaint(`is in ${described}`, 'Use a directory outside it: a backup would contain its own copies.')
      }
    }
  }
  return undefined
}

/** The directories of this machine that a store fills, each with the field that names it. */
export function localPaths (store: StoreConfig): ReadonlyArray<{ readonly field: string, readonly path: string }> {
  return storeKindOf(store).paths(store.values)
}

/** Where a store is, for people. */
export function storePlace (store: StoreConfig): string {
  return storeKindOf(store).place(store.values)
}

/** Whether others on the network could read what is sent to the store. */
export function isInsecureStore (store: StoreConfig): boolean {
  return storeKindOf(store).isInsecure(store.values)
}

/** Whether two stores are at the very same place, however they are reached and whatever they are called. */
export function isSamePlace (one: StoreConfig, other: StoreConfig): boolean {
  const [a, b] = [identity(one), identity(other)]
  return a.root === b.root && a.path === b.path
}

/** Whether one of the two would list what is in the other. */
function isOverlap (one: StoreConfig, other: StoreConfig): boolean {
  const [a, b] = [identity(one), identity(other)]
  return a.root === b.root && (a.path.startsWith(b.path) || b.path.startsWith(a.path))
}

function identity (store: StoreConfig): { readonly root: string, readonly path: string } {
  return storeKindOf(store).identity(store.values)
}
