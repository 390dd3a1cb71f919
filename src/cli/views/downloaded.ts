import { z } from 'zod'
import { bytes } from '../../present/common.ts'
import type { View } from '../shell.ts'
import { inSize } from '../../core/size.ts'

export const downloadSchema = z.object({
  backupId: z.int().positive(),
  path: z.string(),
  store: z.string().meta({ description: 'The store from which it was read.' }),
  size: bytes,
  decoded: z.boolean().meta({ description: 'true: the decrypted and decompressed database.' }),
  part: z.string().meta({ description: 'The part of the backup; "all": a tar of all parts.' })
})

export function viewDownloaded (downloaded: z.infer<typeof downloadSchema>): View {
  return {
    json: downloaded,
    text: ({ colours }) =>
      `${colours.green('✓')} ${downloaded.path} (${inSize(downloaded.size)}) from "${downloaded.store}"${
        downloaded.decoded ? ', decrypted and decompressed' : ', as stored'
      }\n`
  }
}
