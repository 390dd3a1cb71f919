import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { validConfig, workDir } from '../support/config/config.ts'

test('every file that configures the service is known, also one that is not there yet', t => {
  const cwd = workDir(t)
  writeFileSync(join(cwd, 'metrics'), 'a token for the metrics, and for nothing else')
  writeFileSync(join(cwd, 'jwt'), 'x'.repeat(40))
  writeFileSync(join(cwd, 'key'), 'k'.repeat(40))
  writeFileSync(
    join(cwd, 'other.yaml'),
    'jwtSecretFile: ./jwt\nstores:\n  far: { kind: s3, bucket: b, accessKeyId: a, secretAccessKeyFile: ./key }\n'
  )
  const { ownFiles } = validConfig({ HOLDFAST_CONFIG: './other.yaml', METRICS_TOKEN_FILE: './metrics' }, cwd)
  for (const name of ['.env', 'holdfast.yaml', 'other.yaml', 'metrics', 'jwt', 'key']) {
    assert.ok(ownFiles.includes(join(cwd, name)), name)
  }
})
