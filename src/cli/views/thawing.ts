import { z } from 'zod'
import type { Thawing } from '../../engine/restore/thaw.ts'
import { count } from '../../present/common.ts'
import type { View } from '../shell.ts'

export const thawSchema = z.object({
  backupId: z.int().positive(),
  store: z.string().nullable().meta({
    description: 'The store in which it becomes readable; null: it is readable already.'
  }),
  hours: count.meta({ description: 'Maximum duration.' })
})

export function viewThawing ({ backup: { id }, store, hours }: Thawing): View {
  return {
    json: { backupId: id, store, hours },
    text: ({ colours }) =>
      store === null
        ? `${colours.green('✓')} backup ${id} is readable already\n`
        : `${
          colours.green('✓')
        } backup ${id} will become readable in "${store}" within ${hours} h; restore it after that\n`
  }
}
