import { BACKUP_METHODS, type Backup, type BackupMethod } from '../core/backup/backup.ts'
import type { BackupLog, SourceStatistics } from '../core/catalog/catalog.ts'

/** What of the catalog the figures are made from. */
export interface FigureSource {
  version(): string
  readonly backups: Pick<BackupLog, 'list' | 'statistics'>
}

export interface MethodFigures {
  readonly method: BackupMethod
  /** Live backups made by it, and the newest of them. */
  readonly count: number
  readonly newest: Backup | undefined
}

export interface SourceFigures {
  readonly source: string
  readonly statistics: SourceStatistics | undefined
  /** `full` always; others only if there are any. */
  readonly methods: readonly MethodFigures[]
}

/** Reads what the catalog knows of the given sources, and reads it again only once the catalog has changed. */
export class Figures {
  readonly #catalog: FigureSource
  readonly #sources: readonly string[]
  #known: { readonly version: string, readonly figures: readonly SourceFigures[] } | undefined

  constructor (catalog: FigureSource, sources: readonly string[]) {
    this.#catalog = catalog
    this.#sources = sources
  }

  /** Rejects as the catalog does. */
  async read (): Promise<readonly SourceFigures[]> {
    const version = this.#catalog.version()
    if (this.#known?.version === version) return this.#known.figures
    const statistics = new Map((await this.#catalog.backups.statistics()).sources.map(each => [each.source, each]))
    const before = new Map(this.#known?.figures.map(each => [each.source, each]))
    const figures: SourceFigures[] = []
    for (const source of this.#sources) {
      const [now, old] = [statistics.get(source), before.get(source)]
      // Where none of its figures changed, neither did its newest backups.
      const isSame = old !== undefined && JSON.stringify(old.statistics) === JSON.stringify(now)
      figures.push(isSame ? old : { source, statistics: now, methods: await this.#methods(source) })
    }
    this.#known = { version, figures }
    return figures
  }

  async #methods (source: string): Promise<MethodFigures[]> {
    const found: MethodFigures[] = []
    for (const method of BACKUP_METHODS) {
      const { count, backups } = await this.#catalog.backups.list({
        source,
        method,
        status: 'completed',
        byTime: true,
        limit: 1
      })
      if (count > 0 || method === 'full') found.push({ method, count, newest: backups[0] })
    }
    return found
  }
}
