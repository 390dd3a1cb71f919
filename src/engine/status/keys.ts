import { BackupError } from '../../core/errors.ts'
import type { HeldKey } from '../../core/ports/encryption.ts'
import type { EngineDeps } from '../deps.ts'

/** A key that is configured here, or that backups which are there are sealed to. */
export interface KeyState extends HeldKey {
  /** Backups that it opens. */
  readonly backups: number
  /** When it was last confirmed that its recovery card is stored; null: it never was. */
  readonly confirmedAt: Date | null
  readonly confirmedBy: string | null
}

/** Those in use first, then those that backups need, then the rest. */
export async function keyStates ({ keyring, catalog: { keys } }: Pick<EngineDeps, 'keyring' | 'catalog'>): Promise<
  readonly KeyState[]
> {
  const [needed, confirmations] = [await keys.needed(), await keys.confirmations()]
  const known = [
    ...keyring.keys,
    ...needed.filter(({ id, encryption }) => !keyring.keys.some(key => key.id === id && key.encryption === encryption))
      .map(({ id, encryption }) => ({ id, encryption, isPrivate: false, isInUse: false }))
  ]
  const states = known.map(key => {
    const confirmation = confirmations.find(({ id }) => id === key.id)
    return {
      ...key,
      backups: needed.find(({ id, encryption }) => id === key.id && encryption === key.encryption)?.backups ?? 0,
      confirmedAt: confirmation?.at ?? null,
      confirmedBy: confirmation?.actor ?? null
    }
  })
  return states.toSorted((a, b) =>
    Number(b.isInUse) - Number(a.isInUse) || b.backups - a.backups || (a.id < b.id ? -1 : 1)
  )
}

/**
 * Records that the recovery card of a key is stored. Throws `KEY_NOT_FOUND` for one that is neither configured nor
 * needed.
 */
export async function confirmKey (deps: EngineDeps, id: string, actor: string): Promise<KeyState> {
  if (!(await keyStates(deps)).some(key => key.id === id)) {
    throw new BackupError('KEY_NOT_FOUND', `there is no key "${id}"`, {
      hint: 'Give the complete id, as shown by "holdfast key list".'
    })
  }
  await deps.catalog.keys.confirm({ id, at: deps.clock.now(), actor })
  const [confirmed] = (await keyStates(deps)).filter(key => key.id === id)
  if (confirmed === undefined) throw new BackupError('INTERNAL', `the key "${id}" was removed during the confirmation`)
  return confirmed
}
