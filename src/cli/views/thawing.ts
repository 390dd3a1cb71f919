import { z } from 'zod'
import type { Thawing } from '../../engine/restore/thaw.ts'
import { count } from '../../present/common.ts'
import type { View } from '../shell.ts'

export const thawSchema = z.object({
  backupId: z.int().positive(),
  store: z.string().nullable().meta({ description: 'Where it is made readable; null: it can be read already.' }),
  hours: count.meta({ description: 'How long that takes at most.' })
})

export function viewThawing ({ backup: { id }, store, hours }: Thawing): View {
  return {
    json: { backupId: id, store, hours },
    text: ({ colours }) =>
      store === null
        ? `${colours.green('✓')} backup ${id} can be read already\n`
        : `${
          colours.green('✓')
        } backup ${id} is being made readable in "${store}", which takes up to ${hours} h; restore it then\n`
  }
}
