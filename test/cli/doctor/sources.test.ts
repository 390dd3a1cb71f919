import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DoctorContext, ExaminedSource } from '../../../src/cli/doctor/context.ts'
import { examinationsOf, examineSourceRights } from '../../../src/cli/doctor/sources.ts'
import { ok } from '../../../src/core/ports/finding.ts'

/** A source whose kind has these checks; each finds the one field that it has. */
function source (name: string, checks: readonly string[]): ExaminedSource {
  const examinations = Object.fromEntries(
    checks.map(check => [check, async ({ at }: Readonly<Record<string, unknown>>) => [ok(`${check} at ${String(at)}`)]])
  )
  return {
    name,
    kind: { noun: 'thing', paths: () => [], size: async () => 0, examinations },
    values: { at: `${name}.x` }
  }
}

test('each check is made of every source that has it, in the order of the kinds, and the rights apart', async () => {
  const sources = [source('a', ['rights', 'name', 'content']), source('b', ['server', 'content'])]
  const context = { sources } as unknown as DoctorContext
  const made = await Promise.all(
    examinationsOf(context).map(async ([check, examination]) => [check, await examination(context, undefined)])
  )
  const found = (check: string, name: string) => ({
    check,
    source: name,
    status: 'ok',
    message: `${check} at ${name}.x`
  })
  assert.deepEqual(made, [
    ['name', [found('name', 'a')]],
    ['content', [found('content', 'a'), found('content', 'b')]],
    ['server', [found('server', 'b')]]
  ])
  assert.deepEqual(await examineSourceRights(context, undefined), [found('rights', 'a')])
})
