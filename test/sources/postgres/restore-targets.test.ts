import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseUrl } from '../../../src/sources/postgres/connection.ts'
import { keptName, sameName, unfinishedName } from '../../../src/sources/postgres/database-name.ts'
import { knownServers } from '../../../src/sources/postgres/known-servers.ts'
import { postgresTargets } from '../../../src/sources/postgres/restore-targets.ts'

const servers = knownServers()
servers.remember({ name: 'books', database: parseUrl('postgresql://app:secret@db:5433/books'), programs: [] })
servers.remember({ name: 'local', database: parseUrl('postgresql://app@/local?host=/run/postgresql'), programs: [] })
const { parse, aside } = postgresTargets(servers)
const caller = { source: 'books', isConfined: true }

test('a target is a new database on the server of the source, or on that of another source', () => {
  assert.equal(parse('books_check', caller), 'postgresql://app@db:5433/books_check')
  assert.equal(parse('Büro & Co=1', caller), 'postgresql://app@db:5433/B%C3%BCro%20%26%20Co%3D1')
  assert.equal(parse('x', { ...caller, source: 'local' }), 'postgresql://app@/x?host=/run/postgresql')
  assert.equal(parse('postgres://app@db:5433/other', caller), 'postgresql://app@db:5433/other')
  const found = servers.locate(parse('books_check', caller))
  assert.deepEqual([found.source?.name, found.database.server.password?.reveal()], ['books', 'secret'])
})

test('only a caller with a shell may name a server that is not configured', () => {
  const url = 'postgresql://me@elsewhere/new'
  assert.throws(() => parse(url, caller), { code: 'RESTORE_TARGET_FORBIDDEN' })
  assert.throws(() => parse('postgresql://root@db:5433/new', caller), { code: 'RESTORE_TARGET_FORBIDDEN' })
  assert.equal(parse(url, { ...caller, isConfined: false }), 'postgresql://me@elsewhere:5432/new')
})

for (
  const [target, code, hint] of [
    ['postgresql://app@db:5433/books', 'RESTORE_TARGET_INVALID', /Omit "target"/],
    ['postgresql://other@db:5433/books', 'RESTORE_TARGET_INVALID', /Omit "target"/],
    ['/srv/books.dump', 'VALIDATION_FAILED', /holdfast download/],
    ['./books.dump', 'VALIDATION_FAILED', /holdfast download/],
    ['', 'VALIDATION_FAILED', /1 to 63 bytes/],
    ['é'.repeat(32), 'VALIDATION_FAILED', /1 to 63 bytes/],
    ['postgresql://app:secret@db:5433/x', 'VALIDATION_FAILED', /Leave the password out/],
    ['postgresql://app@db:5433/x?sslmode=require', 'VALIDATION_FAILED', /Leave "sslmode"/],
    ['mysql://app@db/x', 'VALIDATION_FAILED', /new database/]
  ] as const
) {
  test(`refuses the target "${target}"`, () => {
    assert.throws(() => parse(target, caller), (thrown: any) => {
      assert.equal(thrown.code, code)
      assert.match(thrown.hint, hint)
      assert.doesNotMatch(`${thrown.message} ${thrown.hint}`, /secret/)
      return true
    })
  })
}

test('the name alone needs a configured source', () => {
  assert.throws(() => parse('x', { ...caller, source: 'gone' }), { code: 'SOURCE_NOT_FOUND' })
})

test('the name of the old database is unique, and leaves room for that of the unfinished one', () => {
  assert.equal(keptName('books', '1a2b3c4d'), 'books_before_1a2b3c4d')
  for (const name of ['a'.repeat(63), '€'.repeat(21), `a${'😀'.repeat(15)}`]) {
    const unfinished = unfinishedName(keptName(name, '1a2b3c4d'))
    assert.ok(Buffer.byteLength(unfinished) <= 63, unfinished)
    assert.doesNotMatch(unfinished, /\uFFFD/)
  }
  const location = 'postgresql://app@db:5433/books'
  assert.match(aside(location), /^postgresql:\/\/app@db:5433\/books_before_[0-9a-f]{8}$/)
  assert.notEqual(aside(location), aside(location))
})

test('names are compared without their quotes', () => {
  assert.equal(sameName('public."user"'), sameName('"public".user'))
  assert.equal(sameName('a."b.c""d"'), '["a","b.c\\"d"]')
  assert.notEqual(sameName('"a.b".c'), sameName('a."b.c"'))
})
