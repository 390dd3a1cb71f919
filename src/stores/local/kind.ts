import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { path } from '../../core/ports/field.ts'
import { storeKind, type StoreUrl } from '../../core/ports/store-kind.ts'
import { realPathSync } from '../../files/real-path.ts'

const FIELDS = { path } as const
const OPTIONS = {} as const

interface LocalValues {
  readonly path: string
}

/** Another directory: another disk, a mounted share. */
export const localKind = storeKind<typeof FIELDS, typeof OPTIONS, LocalValues>({
  name: 'local',
  label: 'directory',
  fields: FIELDS,
  required: { path: 'Set the path of the directory.' },
  options: OPTIONS,
  isDirectory: true,
  canThaw: false,
  complete: ({ path }) => ({ path }),
  validate: () => [],
  url: {
    schemes: ['file'],
    form: 'file:///directory or a path',
    defaultName: 'directory',
    parse: parts => ({ path: directoryOf(parts) }),
    format: ({ path }) => pathToFileURL(path).href,
    fromPath: path => ({ path })
  },
  place: ({ path }) => path,
  identity: ({ path }) => ({ root: 'local', path: `${realPathSync(path)}/` }),
  paths: ({ path }) => [{ field: 'path', path }],
  isInsecure: () => false,
  make: async (name, { path }, { instanceId, presence, clock }) =>
    (await import('./local.ts')).localStore({ name, directory: path, instanceId, presence, now: () => clock.now() })
})

function directoryOf ({ url, refuse }: StoreUrl): string {
  try {
    return resolve(fileURLToPath(url))
  } catch (error) {
    return refuse(
      `"${url.href}" is not the URL of a directory of this machine`,
      'Write it with three slashes, such as file:///mnt/disk.',
      error
    )
  }
}
