import type { Sealing } from '../ports/encryption.ts'

/** A key that backups which are there are sealed to. */
export interface NeededKey {
  readonly id: string
  readonly encryption: Sealing
  /** How many of them, those in the trash among them. */
  readonly backups: number
}

/** That somebody has stored the recovery card of a key. */
export interface KeyConfirmation {
  readonly id: string
  readonly at: Date
  /** Who said so. */
  readonly actor: string
}

/** What the catalog knows of keys; never a private one. */
export interface KeyLog {
  /** In the order of ids. */
  needed(): Promise<readonly NeededKey[]>
  confirmations(): Promise<readonly KeyConfirmation[]>
  /** May be repeated: the last one stands. */
  confirm(confirmation: KeyConfirmation): Promise<void>
}
