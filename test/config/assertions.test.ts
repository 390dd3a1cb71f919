import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { problemsOf, validConfig, workDir } from '../support/config/config.ts'

function withAssertions (t: Pick<TestContext, 'after'>, text: string): string {
  return workDir(t, { 'holdfast.yaml': `sources:\n  - name: shop\n    path: shop.db\n    assertions: ${text}\n` })
}

test('assertions are taken as they stand there', t => {
  const { sources } = validConfig(
    {},
    withAssertions(
      t,
      '\n      - { name: orders, sql: SELECT count(*) FROM orders, min: 1, max: 9 }\n      - { name: state, sql: SELECT state FROM meta, equals: ok }\n'
    )
  )
  assert.deepEqual(sources[0]!.assertions, [
    { name: 'orders', sql: 'SELECT count(*) FROM orders', min: 1, max: 9 },
    { name: 'state', sql: 'SELECT state FROM meta', equals: 'ok' }
  ])
  assert.deepEqual(sources[1]!.assertions, [])
})

for (
  const [text, name, problem] of [
    ['7', '', 'is not a list'],
    ['[ 7 ]', '[0]', 'is not a map of fields'],
    ['[ { sql: SELECT 1, min: 1 } ]', '[0].name', 'is missing'],
    ['[ { name: a, min: 1 } ]', '[0].sql', 'is missing'],
    ['[ { name: a, sql: SELECT 1 } ]', '[0]', 'has no bound'],
    [
      '[ { name: a, sql: SELECT 1, min: many } ]',
      '[0].min',
      '"many" is not a number (an integer beyond 2^53 as digits in quotes)'
    ],
    [
      '[ { name: a, sql: SELECT 1, max: 9007199254740993 } ]',
      '[0].max',
      '"9007199254740992" is not a number (an integer beyond 2^53 as digits in quotes)'
    ],
    [
      '[ { name: a, sql: SELECT 1, equals: 9007199254740993 } ]',
      '[0].equals',
      '"9007199254740992" is not a number or a text (an integer beyond 2^53 as digits in quotes)'
    ],
    [
      '[ { name: a, sql: SELECT 1, min: "9007199254740993", max: "9007199254740992" } ]',
      '[0]',
      'has a min of 9007199254740993 and a max of 9007199254740992'
    ],
    ['[ { name: a, sql: SELECT 1, min: 2, max: 1 } ]', '[0]', 'has a min of 2 and a max of 1'],
    ['[ { name: a, sql: SELECT 1, least: 2, min: 1 } ]', '[0].least', 'is not a known key'],
    ['[ { name: a, sql: DELETE FROM orders, min: 1 } ]', '[0].sql', 'does not begin with SELECT, WITH or VALUES'],
    ['[ { name: a, sql: "SELECT 1; SELECT 2", min: 1 } ]', '[0].sql', 'has more than one statement'],
    ['[ { name: a, sql: SELECT 1, min: 1 }, { name: a, sql: SELECT 2, min: 1 } ]', '', 'has two assertions named "a"']
  ] as const
) {
  test(`assertions of ${text} are a problem that names its place`, t => {
    const problems = problemsOf({}, withAssertions(t, text))
    assert.deepEqual(problems.map(each => [each.name, each.problem]), [[`sources[0].assertions${name}`, problem]])
  })
}
