import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { errorSchema, OUTPUTS, outputSchema } from '../../src/cli/schemas.ts'
import { conclude } from '../../src/core/ports/verification.ts'
import { commandLine } from '../support/cli/command-line.ts'
import { SQLITE_CHECKS } from '../../src/sources/sqlite/checks.ts'

type Name = keyof typeof OUTPUTS

/** What it prints must be what is published, to the last key: what a schema does not know it leaves out. */
function assertPublished (name: Name, printed: unknown): void {
  assert.deepEqual(OUTPUTS[name].parse(printed), printed, name)
}

test('docs/cli.schema.json is what the code says (scripts/cli-schema.ts writes it anew)', () => {
  const published: unknown = JSON.parse(readFileSync(new URL('../../docs/cli.schema.json', import.meta.url), 'utf8'))
  assert.deepEqual(published, JSON.parse(JSON.stringify(outputSchema())))
})

test('what each command prints with --json is as its schema says', async t => {
  const check = conclude([{ name: 'file_exists', status: 'pass' }], SQLITE_CHECKS)
  const { json } = await commandLine(t, {
    deps: {
      findServer: async () => ({ pid: 1, host: 'here', since: '2025-11-24T22:30:00.000Z' }),
      verifyGivenFile: async path => ({
        path,
        verdict: 'sound',
        message: 'So it is',
        verification: check,
        manifest: null,
        signature: null
      })
    }
  })
  for (
    const [name, ...words] of [
      ['backup create', 'backup', 'create', '--description', 'x'],
      ['backup create', 'backup'],
      ['restore --dry-run', 'restore', '1', '--dry-run'],
      ['list', 'list'],
      ['list', 'backup', 'list', '--verbose'],
      ['show', 'show', '1'],
      ['verify', 'verify', '--all'],
      ['verify', 'verify', '1', '9'],
      ['verify --file', 'verify', '--file', 'x.db'],
      ['drill', 'drill', '1'],
      ['drills', 'drills'],
      ['report', 'report'],
      ['prune', 'prune', '--dry-run'],
      ['prune', 'prune'],
      ['pin', 'pin', '1'],
      ['unpin', 'unpin', '1'],
      ['describe', 'describe', '1', 'y'],
      ['remove', 'remove', '1'],
      ['restore-from-trash', 'restore-from-trash', '1', '9'],
      ['stats', 'stats'],
      ['sources', 'sources'],
      ['runs', 'runs'],
      ['rebuild', 'rebuild'],
      ['audit', 'audit'],
      ['scheduler status', 'scheduler', 'status'],
      ['token list', 'token', 'list']
    ] as const
  ) assertPublished(name, await json(...words))
})

test('an error is as its schema says, too', async t => {
  const { holdfast } = await commandLine(t)
  for (const words of [['show', '9'], ['backup', 'nowhere'], ['verify']]) {
    const printed: unknown = JSON.parse((await holdfast(...words, '--json')).err)
    assert.deepEqual(errorSchema.parse(printed), printed)
  }
})
