import { z } from 'zod'
import type { Sample } from '../../core/sample.ts'
import { inSize } from '../../core/size.ts'
import { count } from '../../present/common.ts'
import type { View } from '../shell.ts'
import { counted } from '../../core/counted.ts'

export const sampleSchema = z.object({
  path: z.string(),
  size: count.meta({ description: 'Bytes.' }),
  tables: z.array(z.object({ name: z.string(), rows: count.nullable() }))
})

export function viewSample ({ path, size, tables }: Sample): View {
  return {
    json: { path, size, tables },
    text: ({ colours }) =>
      `${colours.green('✓')} ${path} (${inSize(size)}): ${
        tables.map(({ name, rows }) => rows === null ? name : `${name} with ${counted(rows, 'row')}`).join(', ')
      }\n`
  }
}
