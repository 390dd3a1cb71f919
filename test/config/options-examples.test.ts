import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseEnv } from 'node:util'
import { CONFIG_VARIABLE, OPTION_NAMES, OPTIONS } from '../../src/config/options.ts'
import { hasFile } from '../../src/core/ports/field.ts'
import { problemsOf, validConfig, workDir } from '../support/config/config.ts'

const root = join(import.meta.dirname, '../..')
const example = readFileSync(join(root, '.env.example'), 'utf8')
const shown = new Map(
  Array.from(
    example.matchAll(/^#(?<variable>[A-Z0-9_]+)=(?<value>.*)$/gm),
    ({ groups }) => [groups!.variable!, groups!.value!]
  )
)

test('.env.example shows every variable and none that is not known', () => {
  const known = OPTION_NAMES.flatMap(name => {
    const { variable } = OPTIONS[name]
    return hasFile(OPTIONS[name]) ? [variable, `${variable}_FILE`] : [variable]
  })
  assert.deepEqual([...shown.keys()].toSorted(), [...known, CONFIG_VARIABLE].toSorted())
})

test('.env.example shows the defaults', () => {
  for (const name of OPTION_NAMES) {
    const { variable, default: value } = OPTIONS[name]
    if (value !== undefined) assert.equal(shown.get(variable), String(value as string | number | boolean), variable)
  }
})

test('.env.example says of every variable what it means', () => {
  for (const name of OPTION_NAMES) {
    assert.ok(example.includes(`# ${OPTIONS[name].meaning}\n`), `${name}: ${OPTIONS[name].meaning}`)
  }
})

test('.env.example sets nothing', () => {
  assert.deepEqual({ ...parseEnv(example) }, {})
})

test('holdfast.example.yaml is a valid configuration', t => {
  const text = readFileSync(join(root, 'holdfast.example.yaml'), 'utf8')
  const config = validConfig({}, workDir(t, { 'holdfast.yaml': text }))
  assert.ok(config.sources.length > 2)
})

test('every key that holdfast.example.yaml shows as a comment is known', t => {
  const text = readFileSync(join(root, 'holdfast.example.yaml'), 'utf8')
  const lines = text.split('\n').filter(line => /^#\w+: /.test(line)).map(line => line.slice(1))
  assert.ok(lines.length > 0)
  const problems = problemsOf({}, workDir(t, { 'holdfast.yaml': lines.join('\n') }))
  assert.deepEqual(problems.filter(({ problem }) => problem.includes('known key')), [])
})
