import type { SourceConfig } from './config.ts'

/** A source, and where it was said, for the problems that it may have with others. */
export interface SourceEntry {
  /** A variable such as `DATABASE_PATH`, or the place in holdfast.yaml. */
  readonly configPath: string
  /** Where one of its fields was said: the variable, or the place in holdfast.yaml. */
  readonly configPathOf: (field: string) => string
  readonly isVariable: boolean
  /** Whether it has a schedule of its own, or asks for automatic backups. */
  readonly isScheduled: boolean
  readonly source: SourceConfig
}
