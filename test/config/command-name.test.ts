import assert from 'node:assert/strict'
import { test } from 'node:test'
import { commandName } from '../../src/config/command-name.ts'

const npm = (script: string, name: string) => ({ npm_lifecycle_event: script, npm_package_name: name })

test('npm run is the command where npm runs this program from its source tree, and holdfast everywhere else', () => {
  assert.deepEqual(
    [npm('holdfast', 'holdfast'), npm('start', 'holdfast'), npm('prebackup', 'shop'), npm('holdfast', 'shop'), {}].map(
      environment => commandName(environment)
    ),
    ['npm run -s holdfast --', 'npm run -s holdfast --', 'holdfast', 'holdfast', 'holdfast']
  )
})
