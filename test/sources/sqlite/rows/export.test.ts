import assert from 'node:assert/strict'
import { closeSync, existsSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { BackupError } from '../../../../src/core/errors.ts'
import { sqliteExport } from '../../../../src/sources/sqlite/rows/export.ts'
import { sqliteSource } from '../../../../src/sources/sqlite/sqlite-source.ts'
import { makeMoney, startWriter, TOTAL } from '../../../support/databases/money.ts'
import { childrenAtWork, needChildren } from '../../../support/processes/children.ts'
import { sqliteProcess } from '../../../support/processes/sqlite-process.ts'
import { rejectsWith } from '../../../support/rejects.ts'
import { restorableOf } from '../../../support/sources/images.ts'
import { never } from '../../../support/streams.ts'
import { tempDir } from '../../../support/temp-dir.ts'
import { exportBench } from './export-bench.ts'

const BOOKS = `
  CREATE TABLE transactions (id INTEGER PRIMARY KEY, tenant_id TEXT NOT NULL, amount REAL, note TEXT, receipt BLOB);
  CREATE TABLE secret (word TEXT);
  INSERT INTO transactions VALUES
    (3, 'pilot-acme-corp', 12.5, NULL, x'00ff'),
    (1, 'pilot-acme-corp', 7, '', NULL),
    (2, 'other', 1, 'not theirs', NULL);
  INSERT INTO secret VALUES ('hidden');
`
const ACME = "tenant_id = 'pilot-acme-corp'"

test('the rows of one tenant are exported as PostgreSQL exports them, in the order of the primary key', async t => {
  const { fromBackup, fromSource } = exportBench(t, BOOKS)
  const csv = 'id,tenant_id,amount,note,receipt\n1,pilot-acme-corp,7.0,"",\n3,pilot-acme-corp,12.5,,\\x00ff\n'
  for (const from of [fromBackup, fromSource]) {
    const { table, rows, bytes } = await from('Transactions', { where: ACME })
    assert.deepEqual([table, rows, bytes.toString()], ['transactions', 2, csv])
  }
  assert.equal(
    (await fromBackup('transactions', { where: ACME, format: 'jsonl' })).bytes.toString(),
    '{"id":1,"tenant_id":"pilot-acme-corp","amount":7.0,"note":"","receipt":null}\n{"id":3,"tenant_id":"pilot-acme-corp","amount":12.5,"note":null,"receipt":{"blob":"00ff"}}\n'
  )
  assert.equal(
    (await fromBackup('transactions', { where: ACME, format: 'sql' })).bytes.toString(),
    `BEGIN TRANSACTION;
INSERT INTO "transactions"("id","tenant_id","amount","note","receipt") VALUES(1,'pilot-acme-corp',7.0,'',NULL);
INSERT INTO "transactions"("id","tenant_id","amount","note","receipt") VALUES(3,'pilot-acme-corp',12.5,NULL,X'00ff');
COMMIT;
`
  )
})

test('a table without chosen rows has its columns, and an empty transaction', async t => {
  const { fromBackup } = exportBench(t, BOOKS)
  const nothing = { where: '0' }
  assert.equal((await fromBackup('secret', nothing)).bytes.toString(), 'word\n')
  assert.equal((await fromBackup('secret', { ...nothing, format: 'jsonl' })).bytes.toString(), '')
  const { rows, bytes } = await fromBackup('secret', { ...nothing, format: 'sql' })
  assert.deepEqual([rows, bytes.toString()], [0, 'BEGIN TRANSACTION;\nCOMMIT;\n'])
})

test('rows are in the order of the primary key, whatever the order in which they were written', async t => {
  const { fromBackup } = exportBench(
    t,
    `CREATE TABLE word (text TEXT PRIMARY KEY, number INTEGER);
    INSERT INTO word VALUES ('c', 1), ('a', 2), (NULL, 4), (NULL, 3), ('b', 5);
    CREATE TABLE pair (b, a, PRIMARY KEY (a, b)) WITHOUT ROWID;
    INSERT INTO pair VALUES (2, 1), (1, 2), (1, 1);
    CREATE TABLE plain (rowid, _rowid_, oid);
    INSERT INTO plain VALUES (3, 1, 1), (2, 2, 2)`
  )
  assert.equal((await fromBackup('word')).bytes.toString(), 'text,number\n,4\n,3\na,2\nb,5\nc,1\n')
  assert.equal((await fromBackup('pair')).bytes.toString(), 'b,a\n1,1\n2,1\n1,2\n')
  assert.equal((await fromBackup('plain')).bytes.toString(), 'rowid,_rowid_,oid\n3,1,1\n2,2,2\n')
})

test('generated columns are in a CSV file and not in INSERT statements', async t => {
  const { fromBackup } = exportBench(
    t,
    'CREATE TABLE g (a, twice AS (a * 2), b, sum AS (a + b) STORED); INSERT INTO g (a, b) VALUES (1, 2)'
  )
  assert.equal((await fromBackup('g')).bytes.toString(), 'a,twice,b,sum\n1,2,2,3\n')
  assert.match(
    (await fromBackup('g', { format: 'sql' })).bytes.toString(),
    /\nINSERT INTO "g"\("a","b"\) VALUES\(1,2\);\n/
  )
})

test('what is not a table with rows of its own is refused', async t => {
  const { fromBackup, fromSource } = exportBench(
    t,
    `${BOOKS} CREATE VIEW acme AS SELECT * FROM transactions; CREATE VIRTUAL TABLE words USING fts5 (text)`
  )
  for (const from of [fromBackup, fromSource]) {
    const unknown = await rejectsWith('TABLE_NOT_FOUND', from('transaction'))
    assert.match(unknown.hint ?? '', /^Did you mean "transactions"\? /)
    assert.match((await rejectsWith('VALIDATION_FAILED', from('acme'))).message, /"acme" is a view/)
    assert.match((await rejectsWith('VALIDATION_FAILED', from('words'))).message, /"words" is a virtual table/)
    await rejectsWith('TABLE_NOT_FOUND', from('sqlite_schema'))
  }
})

for (
  const where of [
    '',
    '1) UNION SELECT word, 2, 3, 4, 5 FROM secret --',
    '1) UNION SELECT (word), 2, 3, 4, 5 FROM secret WHERE (1',
    '1); DROP TABLE secret; --',
    "1; ATTACH '/tmp/x.db' AS x",
    "ATTACH '/tmp/x.db' AS x",
    'PRAGMA writable_schema = on',
    "load_extension('/tmp/x.so') IS NULL AND id",
    'id AND "load_extension"(\'/tmp/x.so\')',
    "fts3_tokenizer('simple') IS NOT NULL",
    'EXISTS (SELECT 1 FROM pragma_database_list)',
    'EXISTS (SELECT 1 FROM "pragma_table_info"(\'secret\'))',
    "EXISTS (SELECT 1 FROM 'pragma_function_list')",
    '(SELECT count(*) FROM dbstat) > 0',
    'id IN (DELETE FROM secret RETURNING 1)',
    'id IN (INSERT INTO secret VALUES (1) RETURNING 1)',
    'id = ?',
    'id = :id',
    'id = 1 /* not closed',
    "tenant_id = 'not closed",
    '1 LIMIT 1',
    '1 ORDER BY 1',
    "readfile('/etc/passwd') IS NOT NULL",
    "writefile('/tmp/x', 'x')",
    'nothing = 1',
    "json('{') IS NULL",
    'x\0y'
  ]
) {
  test(`the condition ${JSON.stringify(where)} is refused, and exports nothing`, async t => {
    const { db, fromBackup, fromSource } = exportBench(t, BOOKS)
    const refused = [fromBackup, fromSource].map(from => from('transactions', { where }))
    await Promise.all(refused.map(one => rejectsWith('VALIDATION_FAILED', one)))
    assert.deepEqual(db.prepare('SELECT word FROM secret').pluck().all(), ['hidden'])
    assert.equal(db.prepare('SELECT count(*) FROM transactions').pluck().get(), 3)
  })
}

test('a condition can select by other tables of the database', async t => {
  const { fromBackup } = exportBench(t, BOOKS)
  const where = "id > 2 AND 'hidden' IN (SELECT word FROM secret) -- nothing else"
  assert.equal((await fromBackup('transactions', { where })).rows, 1)
})

test('a condition has a time limit and a memory limit', async t => {
  const { fromBackup } = exportBench(t, BOOKS, { timeout: 1500, memory: 300 * 1024 ** 2 })
  const endless = '(WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n) > 0'
  const late = await rejectsWith('PROCESS_TIMED_OUT', fromBackup('transactions', { where: endless }))
  assert.match(late.hint ?? '', /^Simplify the condition, /)
  // The text stays in memory while the rest of the condition is evaluated.
  const large = `length(hex(zeroblob(200000000))) > 0 AND ${endless}`
  await rejectsWith('PROCESS_OUT_OF_MEMORY', fromBackup('transactions', { where: large }))
})

test('a large table is exported in bounded memory', async t => {
  const { db, fromBackup, fromSource } = exportBench(t, 'CREATE TABLE many (id INTEGER PRIMARY KEY, text TEXT)', {
    timeout: 600_000,
    memory: 200 * 1024 ** 2
  })
  db.exec(
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) INSERT INTO many SELECT i, printf('%.*c', 2000, 'x') FROM n"
  )
  for (const from of [fromBackup, fromSource]) {
    const { rows, bytes } = await from('many')
    assert.deepEqual([rows, bytes.length > 200_000_000], [100_000, true])
  }
})

for (const journalMode of ['wal', 'delete'] as const) {
  test(`beside a writer, a live export has the rows of one moment, in ${journalMode} mode`, async t => {
    const home = tempDir(t)
    const path = join(home, 'money.db')
    makeMoney(path, { journalMode, entries: 1000 })
    const writer = await startWriter(t, path, 500)
    const source = sqliteSource({ name: 'money', path, busyTimeout: 1000, scratchDir: home })
    for (let i = 0; i < 5; i++) {
      let text = ''
      const { rows } = await sqliteExport(home).fromSource(
        source,
        { table: 'account', format: 'csv' },
        async bytes => {
          text += bytes.toString()
        },
        never
      )
      const sum = text.trim().split('\n').slice(1).reduce((all, line) => all + Number(line.split(',')[1]), 0)
      assert.deepEqual([rows, sum], [1000, TOTAL])
    }
    const { errors, commits } = await writer.stop()
    assert.deepEqual([errors, commits > 5], [[], true])
  })
}

test('a live export in WAL mode leaves no log behind, and waits for a lock', async t => {
  const home = tempDir(t)
  const path = join(home, 'money.db')
  makeMoney(path, { entries: 0 })
  const source = sqliteSource({ name: 'money', path, busyTimeout: 1000, scratchDir: home })
  const rows = async (): Promise<number> =>
    (await sqliteExport(home).fromSource(source, { table: 'account', format: 'csv' }, async () => {}, never)).rows
  assert.equal(await rows(), 1000)
  assert.deepEqual([existsSync(`${path}-wal`), existsSync(`${path}-shm`)], [false, false])
  const holder = await sqliteProcess(t, path, 'PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE')
  const waiting = rows()
  await holder.stop()
  assert.equal(await waiting, 1000)
})

test('when the child is killed, or the caller takes no more, the export is none', async t => {
  if (!needChildren(t)) return
  const { db, path, home } = exportBench(t, 'CREATE TABLE many (id INTEGER PRIMARY KEY, text TEXT)')
  db.exec(
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) INSERT INTO many SELECT i, printf('%.*c', 500, 'x') FROM n"
  )
  const exported = (write: (bytes: Buffer) => Promise<void>, signal = never): Promise<unknown> =>
    sqliteExport(home).fromBackup(restorableOf(path), { table: 'many', format: 'csv' }, write, signal)
  await rejectsWith(
    'SOURCE_FAILED',
    exported(async () => {
      for (const pid of childrenAtWork('export-child')) process.kill(pid, 'SIGKILL')
    })
  )
  await rejectsWith(
    'DISK_FULL',
    exported(async () => {
      throw new BackupError('DISK_FULL', 'no room')
    })
  )
  const abort = new AbortController()
  await assert.rejects(
    exported(async () => {
      abort.abort(new BackupError('CANCELLED', 'enough'))
    }, abort.signal),
    { code: 'CANCELLED' }
  )
  assert.deepEqual(childrenAtWork('export-child'), [])
})

test('a damaged backup is reported as such', async t => {
  const { db, path, fromBackup } = exportBench(t, 'CREATE TABLE many (id INTEGER PRIMARY KEY, text TEXT)')
  db.exec(
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) INSERT INTO many SELECT i, printf('%.*c', 200, 'x') FROM n"
  )
  db.close()
  const fd = openSync(path, 'r+')
  writeSync(fd, Buffer.alloc(4096, 0xaa), 0, 4096, 40 * 4096)
  closeSync(fd)
  await rejectsWith('BACKUP_INVALID', fromBackup('many'))
})
