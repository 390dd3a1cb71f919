import { z } from 'zod'
import { text, type Field } from '../core/ports/field.ts'

/** The name of a bucket, a container or an account. */
export const container: Field<string> = {
  ...text,
  schema: z.string().regex(/^[^/\s:]+$/),
  expects: 'only the name, without "s3://" and without a path'
}

/** What the names of objects begin with: `production/backups` is `production/backups/`, and nothing stays nothing. */
export const prefix: Field<string> = {
  kind: 'value',
  schema: z.string().refine(value =>
    !value.includes('\0') && !value.split('/').some(part => part === '.' || part === '..')
  ).transform(value => {
    const parts = value.split('/').filter(part => part !== '')
    return parts.map(part => `${part}/`).join('')
  }),
  fromText: text => text,
  expects: 'a prefix of names, such as production/backups'
}
