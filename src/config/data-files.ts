/** The service's own secret, which signs tokens where none is configured. */
export const SECRET_FILE = 'jwt-secret'
/** What the key that signs manifests is made of. */
export const MANIFEST_KEY_FILE = 'manifest-key'
/** What the server says of its configuration, for the commands beside it. */
export const RECORD_FILE = 'server-config.json'
/** What the engine of JavaScript made of our modules: processes start the sooner. May be removed at any time. */
export const COMPILED = 'compiled'
/** The own catalog. */
export const CATALOG_FILE = 'holdfast.db'

/** What the service keeps in DATA_DIR, by the names there; scratch space may lie elsewhere. */
export const OWN_FILES: readonly string[] = [
  SECRET_FILE,
  MANIFEST_KEY_FILE,
  RECORD_FILE,
  COMPILED,
  CATALOG_FILE,
  `${CATALOG_FILE}-wal`,
  `${CATALOG_FILE}-shm`,
  'holdfast.lock',
  'holdfast.lock.json',
  'processes',
  'scratch'
]
