import { z } from 'zod'
import { bytes } from '../../present/common.ts'
import type { View } from '../shell.ts'
import { inSize } from '../../core/size.ts'

export const downloadSchema = z.object({
  backupId: z.int().positive(),
  path: z.string(),
  store: z.string().meta({ description: 'The store that it was read from.' }),
  size: bytes,
  decoded: z.boolean().meta({ description: 'true: it is the plain database.' }),
  part: z.string().meta({ description: 'Which part of the backup it is; "all": a tar of all of them.' })
})

export function viewDownloaded (downloaded: z.infer<typeof downloadSchema>): View {
  return {
    json: downloaded,
    text: ({ colours }) =>
      `${colours.green('✓')} ${downloaded.path} (${
        inSize(downloaded.size)
      }) from "${downloaded.store}", as it was stored${downloaded.decoded ? ', decrypted and unpacked' : ''}\n`
  }
}
