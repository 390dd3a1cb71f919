import type { Backup } from '../../core/backup/backup.ts'
import type { EngineDeps } from '../deps.ts'

/** The backup and all that it is built on, as far as the catalog knows it: the backup first. */
export async function linksOf (
  { catalog }: Pick<EngineDeps, 'catalog'>,
  backup: Backup
): Promise<readonly [Backup, ...Backup[]]> {
  const links: [Backup, ...Backup[]] = [backup]
  const seen = new Set([backup.id])
  for (let child = backup; child.parentId !== null && !seen.has(child.parentId);) {
    child = await catalog.backups.get(child.parentId)
    seen.add(child.id)
    links.push(child)
  }
  return links
}
