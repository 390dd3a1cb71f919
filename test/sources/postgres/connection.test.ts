import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { test } from 'node:test'
import {
  isPostgresUrl,
  isSameServer,
  locationOf,
  parseUrl,
  urlOf,
  UrlProblem
} from '../../../src/sources/postgres/connection.ts'

const URLS: ReadonlyArray<readonly [string, string]> = [
  ['postgresql://backup@db:5433/books', 'postgresql://backup@db:5433/books'],
  ['postgres://backup@db/books', 'postgresql://backup@db:5432/books'],
  ['postgresql+psycopg2://backup@db/books', 'postgresql://backup@db:5432/books'],
  ['POSTGRESQL://backup@db/books', 'postgresql://backup@db:5432/books'],
  ['postgresql://backup@[::1]:5433/books', 'postgresql://backup@[::1]:5433/books'],
  ['postgresql://backup@/books', 'postgresql://backup@localhost:5432/books'],
  ['postgresql:///books?user=backup&host=/run/postgresql', 'postgresql://backup@/books?host=/run/postgresql'],
  ['postgresql:///books?user=a&host=/run/x&port=5433', 'postgresql://a@/books?host=/run/x&port=5433'],
  ['postgresql://backup@%2Frun%2Fpostgresql/books', 'postgresql://backup@/books?host=/run/postgresql'],
  ['postgresql://b%40ck@db/bo%2Foks%20%3F', 'postgresql://b%40ck@db:5432/bo%2Foks%20%3F'],
  [
    'postgresql://backup@db/books?sslmode=verify-full&sslrootcert=/etc/ca.pem',
    'postgresql://backup@db:5432/books?sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem'
  ],
  ['postgresql://backup@db/books?application_name=x&connect_timeout=3', 'postgresql://backup@db:5432/books']
]

for (const [given, expected] of URLS) {
  test(`${given} is ${expected}`, () => {
    assert.equal(urlOf(parseUrl(given)), expected)
    // What is recorded for commands is read again.
    assert.deepEqual(urlOf(parseUrl(expected)), expected)
  })
}

test('a password is taken out of the URL, with its special characters, and is shown nowhere', () => {
  for (
    const url of [
      'postgresql://backup:p%3A%5C%40ss@db/books',
      'postgresql://backup@db/books?password=p%3A%5C%40ss'
    ]
  ) {
    const database = parseUrl(url)
    assert.equal(database.server.password?.reveal(), 'p:\\@ss')
    for (const shown of [urlOf(database), locationOf(database), inspect(database), JSON.stringify(database)]) {
      assert.ok(!shown.includes('ss@') && !shown.includes('p:'), shown)
      assert.ok(!shown.includes('p%3A'), shown)
    }
  }
})

const PROBLEMS: ReadonlyArray<readonly [string, RegExp]> = [
  ['mysql://u@h/d', /^is not a URL such as postgresql:/],
  ['books', /^is not a URL such as/],
  ['postgresql://u:geheim@a,b/d', /^names several hosts/],
  ['postgresql://u:geheim@h:70000/d', /^has a port that is not a number from 1 to 65535/],
  ['postgresql://u:geheim@h:5432:1/d', /^has a host and port that cannot be read/],
  ['postgresql://h/d', /^names no user/],
  ['postgresql://u:geheim@h', /^names no database/],
  [
    'postgresql://u:geheim@h/d?target_session_attrs=any',
    /^has the parameter "target_session_attrs", which is not supp/
  ],
  ['postgresql://u:geheim@h/d?sslmode=allow', /^has the sslmode "allow"; use one of disable, prefer, require/],
  ['postgresql://u:geheim%2@h/d', /^has a percent sign/],
  ['postgresql://u:geheim@h/d#fragment', /^is not a URL such as/]
]

for (const [url, expected] of PROBLEMS) {
  test(`${url} is refused with its reason and without its password`, () => {
    assert.throws(() => parseUrl(url), error => {
      assert.ok(error instanceof UrlProblem)
      assert.match(error.message, expected)
      assert.ok(!error.message.includes('geheim'))
      return true
    })
  })
}

test('a URL of PostgreSQL is known by its scheme alone, so that a mistake in the rest is reported', () => {
  assert.ok(isPostgresUrl('postgres://'))
  assert.ok(isPostgresUrl('postgresql+asyncpg://x'))
  for (const other of ['mysql://u@h/d', 'sqlite:///x.db', 'postgres', './postgres.db']) {
    assert.ok(!isPostgresUrl(other), other)
  }
})

test('servers are the same by host and port, whatever the role', () => {
  const [one, other, third] = ['postgresql://a@h/x', 'postgresql://b@h/y', 'postgresql://a@h:5433/x'].map(parseUrl)
  assert.ok(isSameServer(one!.server, other!.server))
  assert.ok(!isSameServer(one!.server, third!.server))
})
