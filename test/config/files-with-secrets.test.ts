import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkConfig } from '../../src/config/load.ts'
import { filesWithSecrets, type FileWithSecrets } from '../../src/config/files-with-secrets.ts'
import type { Environment } from '../../src/config/read-environment.ts'
import { workDir } from '../support/config/config.ts'

const SECRET = 'a secret that is long enough to be one'

/** But for the last, which is always the same. */
function placesOf (environment: Environment, cwd: string): readonly FileWithSecrets[] {
  const checked = checkConfig(environment, cwd)
  assert.ok(checked.ok)
  const places = filesWithSecrets(environment, cwd, checked.config, checked.file)
  assert.deepEqual(places.at(-1), { path: join(cwd, 'data/manifest-key'), holds: ['the signing key for manifests'] })
  return places.slice(0, -1)
}

test('with nothing configured it is the secret that the service makes', t => {
  const cwd = workDir(t)
  assert.deepEqual(placesOf({}, cwd), [{
    path: join(cwd, 'data/jwt-secret'),
    holds: ['the generated secret']
  }])
})

test('.env holds those that it names, also where the environment overrules it', t => {
  const cwd = workDir(t, { '.env': `JWT_SECRET=${SECRET}\nMETRICS_TOKEN=\nPORT=1234\n` })
  assert.deepEqual(placesOf({ JWT_SECRET: `${SECRET}!` }, cwd), [{ path: join(cwd, '.env'), holds: ['JWT_SECRET'] }])
})

test('holdfast.yaml holds those that it names, and names files of others from where it is', t => {
  const cwd = workDir(t, { 'holdfast.yaml': `jwtSecretFile: key\nmetricsToken: ${SECRET}\n`, key: SECRET })
  assert.deepEqual(placesOf({}, cwd), [
    { path: join(cwd, 'holdfast.yaml'), holds: ['METRICS_TOKEN'] },
    { path: join(cwd, 'key'), holds: ['JWT_SECRET'] }
  ])
})

test('a file that the environment names is one, wherever it is', t => {
  const [cwd, other] = [workDir(t), workDir(t, { key: SECRET })]
  assert.deepEqual(placesOf({ JWT_SECRET_FILE: join(other, 'key') }, cwd), [{
    path: join(other, 'key'),
    holds: ['JWT_SECRET']
  }])
})

test('a secret of the environment alone is in no file', t => {
  assert.deepEqual(placesOf({ JWT_SECRET: SECRET }, workDir(t, { 'holdfast.yaml': '# nothing\n' })), [])
})
