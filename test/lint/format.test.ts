import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { tempDir } from '../support/temp-dir.ts'

const LONG = 'x'.repeat(70)

test('the check names what is not formatted, fails, and leaves it as it is', t => {
  const file = fileOf(t, 'export const a = "b";\n')
  const { status, stdout } = format('--check', file)
  assert.deepEqual([status, stdout.trim().endsWith('code.ts')], [1, true])
  assert.equal(readFileSync(file, 'utf8'), 'export const a = "b";\n')
})

test('the formatter writes what the check then passes', t => {
  const file = fileOf(
    t,
    `export function a ( b: string ) { if (b === "c") return ["${LONG}", "${LONG}"];\n return [] }\n`
  )
  assert.equal(format(file).status, 0)
  assert.equal(
    readFileSync(file, 'utf8'),
    `export function a (b: string) {
  if (b === 'c') {
    return [
      '${LONG}',
      '${LONG}'
    ]
  }
  return []
}
`
  )
  assert.deepEqual([format('--check', file).status, format('--check', file).stdout], [0, ''])
})

test('what cannot be parsed is an error, and stays as it is', t => {
  const file = fileOf(t, 'export const = 1\n')
  const { status, stderr } = format(file)
  assert.notEqual(status, 0)
  assert.match(stderr, /code\.ts/)
  assert.equal(readFileSync(file, 'utf8'), 'export const = 1\n')
})

function fileOf (t: TestContext, text: string): string {
  const file = join(tempDir(t), 'code.ts')
  writeFileSync(file, text)
  return file
}

function format (...words: readonly string[]): { status: number | null, stdout: string, stderr: string } {
  const script = join(import.meta.dirname, '../../scripts/format.ts')
  return spawnSync(process.execPath, [script, ...words], { encoding: 'utf8', timeout: 60_000 })
}
