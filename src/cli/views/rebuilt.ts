import { z } from 'zod'
import type { Rebuilt } from '../../engine/rebuild.ts'
import { count } from '../../present/common.ts'
import type { View } from '../shell.ts'
import { printable } from '../text.ts'
import { counted } from '../words.ts'

export const rebuildSchema = z.object({
  adopted: count.meta({ description: 'Manifests whose backups are in the catalog now; those that were there before are counted as well.' }),
  refused: z.array(z.object({ key: z.string(), reason: z.string() })).meta({ description: 'Manifests that could not be taken over.' })
})

export function viewRebuilt ({ adopted, refused }: Rebuilt): View {
  return {
    json: { adopted, refused },
    text: ({ colours }) => [
      `${colours.green('✓')} the catalog knows ${counted(adopted, 'backup')} by the manifests in the store`,
      ...refused.map(({ key, reason }) => `${colours.red('✗')} ${printable(key)}: ${printable(reason)}`),
      ''
    ].join('\n')
  }
}
