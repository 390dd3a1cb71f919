import { resolve } from 'node:path'
import { STORE_KINDS } from '../stores/index.ts'
import { BLOCKS } from './file.ts'
import { isMap, toCamelCase } from './raw-map.ts'
import { secretsOf } from './store-fields.ts'

export interface StoreSecret {
  /** undefined: it stands in holdfast.yaml itself. */
  readonly path: string | undefined
  /** `stores.offsite.secretAccessKey` */
  readonly name: string
}

type ListedStore = readonly [place: string, store: unknown]

const SECRETS = [...new Set(STORE_KINDS.flatMap(secretsOf))]

/** Where the stores of a holdfast.yaml have their secrets; `base` is its folder. */
export function storeSecrets (yaml: Readonly<Record<string, unknown>>, base: string): readonly StoreSecret[] {
  const listed = isMap(yaml.stores)
    ? Object.entries(yaml.stores).map(([name, store]): ListedStore => [`stores.${name}`, store])
    : []
  const numbered = Array.isArray(yaml.stores)
    ? yaml.stores.map((store: unknown, index): ListedStore => [`stores[${index}]`, store])
    : []
  const blocks = BLOCKS.map((name): ListedStore => [name, yaml[name]])
  return [...blocks, ...listed, ...numbered].flatMap(([configPath, store]) =>
    isMap(store) ? secretsIn(configPath, store, base) : []
  )
}

function secretsIn (configPath: string, store: object, base: string): StoreSecret[] {
  return Object.entries(store).flatMap(([written, value]: [string, unknown]): StoreSecret[] => {
    const key = toCamelCase(written)
    const secret = key.replace(/File$/, '')
    if (typeof value !== 'string' || value === '' || !SECRETS.includes(secret)) return []
    return [{ path: key === secret ? undefined : resolve(base, value), name: `${configPath}.${secret}` }]
  })
}
