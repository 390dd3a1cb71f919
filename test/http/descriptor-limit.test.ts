import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'

const MODULE = new URL('../../src/http/descriptor-limit.ts', import.meta.url).href
const PROGRAM = `process.stdout.write(String((await import('${MODULE}')).descriptorLimit()))`

test('the limit is the one that the system sets for the process', () => {
  const words = ['-c', 'ulimit -n 200; exec "$0" --input-type=module -e "$1"', process.execPath, PROGRAM]
  assert.equal(execFileSync('/bin/sh', words, { encoding: 'utf8' }), '200')
})
