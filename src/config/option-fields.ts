import { isIP } from 'node:net'
import { z } from 'zod'
import { COMPRESSIONS, type Compression } from '../core/ports/codec.ts'
import { flag, type Field } from '../core/ports/field.ts'

/** The runbook knows only yes and no: `true` is gzip, `false` is none. */
export const compression: Field<Compression> = {
  kind: 'value',
  schema: z.preprocess(value => value === true ? 'gzip' : value === false ? 'none' : value, z.enum(COMPRESSIONS)),
  fromText: flag.fromText,
  expects: `one of ${COMPRESSIONS.join(', ')}, true (gzip), false (none)`
}

const PROXY_RANGES = ['loopback', 'linklocal', 'uniquelocal']

/**
 * Whom to believe about the address of a caller: false; how many proxies, where true is one; or which, with commas in
 * between.
 */
export const proxies: Field<false | number | string> = {
  kind: 'value',
  schema: z.union([z.boolean(), z.int().min(0).max(32), z.string(), z.array(z.string())]).transform(
    (value, context) => {
      if (typeof value === 'boolean') return value ? 1 : false
      if (typeof value === 'number') return value === 0 ? false : value
      const parts = (Array.isArray(value) ? value : value.split(',')).map(part => part.trim())
      if (parts.length > 0 && parts.every(isProxy)) return parts.join(',')
      context.addIssue('not a list of proxies')
      return z.NEVER
    }
  ),
  fromText: text => /^\d+$/.test(text) ? Number(text) : flag.fromText(text),
  expects: `true (one proxy), false, the number of proxies, or a list of addresses and ranges such as 10.0.0.0/8, ${
    PROXY_RANGES.join(', ')
  }`
}

function isProxy (text: string): boolean {
  if (PROXY_RANGES.includes(text)) return true
  const [address = '', length, ...more] = text.split('/')
  const bits = isIP(address) === 6 ? 128 : 32
  return isIP(address) !== 0 && !address.includes('%') && more.length === 0 &&
    (length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= bits))
}
