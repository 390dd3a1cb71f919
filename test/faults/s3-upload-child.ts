import { openEngine } from '../../src/app/open-engine.ts'
import { loadConfig } from '../../src/config/load.ts'
import { systemClock } from '../../src/core/clock.ts'
import { Secret } from '../../src/core/secret.ts'
import { makeEngine } from '../../src/engine/make-engine.ts'
import { openOffsite } from '../../src/engine/replication/copy-task.ts'
import { s3Store } from '../../src/stores/s3/s3.ts'
import { work } from '../support/stores/offsite-directory.ts'
import { never } from '../support/streams.ts'

/**
 * Does what the copier does in a bucket, after telling that it begins: argv[3] is the endpoint, argv[4] the bucket, and
 * the keys follow. Whoever started it may kill it at any instant.
 */
const [home = '', endpoint = '', bucket = '', accessKeyId = '', secretAccessKey = ''] = process.argv.slice(2)
const silent = { debug () {}, info () {}, warn () {}, error () {} }
const config = loadConfig({
  DATABASE_PATH: `${home}/shop.db`,
  BACKUP_DIR: `${home}/backups`,
  DATA_DIR: `${home}/data`,
  MAX_BACKUPS: '100'
}, home)
const { deps, close } = await openEngine(config, { logger: silent })
const store = s3Store({
  name: 'far',
  bucket,
  prefix: '',
  region: 'us-east-1',
  endpoint,
  pathStyle: true,
  profile: 'compatible',
  credentials: { accessKeyId, secretAccessKey: new Secret(secretAccessKey) },
  storageClasses: {},
  encryption: null,
  kmsKeyId: undefined,
  lock: null,
  clock: systemClock
})
const all = {
  ...deps,
  offsite: new Map([['far', {
    store,
    retention: null,
    maxBackups: null,
    isAppendOnly: false,
    hasLock: false,
    bandwidth: null
  }]])
}
await openOffsite(all, all.offsite.get('far')!, never)
console.log('begins')
await work(all, makeEngine(all))
await close(0)
console.log('done')
