import type { Origin } from '../core/schedule/settings.ts'

/** A value as somebody wrote it, and where. */
export interface RawValue {
  /** The variable, or the place in holdfast.yaml. */
  readonly name: string
  readonly value: unknown
  /** What a relative path is relative to. */
  readonly base: string
  readonly origin: Extract<Origin, 'environment' | 'file' | 'server'>
  /** Of a secret that was read from a file: the absolute path of that file. */
  readonly file?: string
}
