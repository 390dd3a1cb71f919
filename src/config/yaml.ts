import { createRequire } from 'node:module'
import type * as Yaml from 'yaml'

/** The YAML library. The first call loads it: without a holdfast.yaml, a command starts without its 72 modules. */
export function yaml (): typeof Yaml {
  return createRequire(import.meta.url)('yaml') as typeof Yaml
}
