/** A dump with all that `sqlite3 DATABASE .dump` writes: a virtual table, a trigger, a view, a sequence, odd values. */
export const DUMP = `PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE account (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, data BLOB);
INSERT INTO account VALUES(1,'it''s; "Grüße"',X'00ff3b');
INSERT INTO account VALUES(2,'line
two -- no comment',NULL);
PRAGMA writable_schema=ON;
INSERT INTO sqlite_schema(type,name,tbl_name,rootpage,sql)VALUES('table','words','words',0,'CREATE VIRTUAL TABLE words USING fts5(text)');
CREATE TABLE IF NOT EXISTS 'words_data'(id INTEGER PRIMARY KEY, block BLOB);
INSERT INTO words_data VALUES(1,X'');
INSERT INTO words_data VALUES(10,X'00000000000000');
CREATE TABLE IF NOT EXISTS 'words_idx'(segid, term, pgno, PRIMARY KEY(segid, term)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS 'words_content'(id INTEGER PRIMARY KEY, c0);
CREATE TABLE IF NOT EXISTS 'words_docsize'(id INTEGER PRIMARY KEY, sz BLOB);
CREATE TABLE IF NOT EXISTS 'words_config'(k PRIMARY KEY, v) WITHOUT ROWID;
INSERT INTO words_config VALUES('version',4);
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('account',7);
CREATE TRIGGER named AFTER INSERT ON account BEGIN UPDATE account SET name = 'x'; END;
CREATE VIEW names AS SELECT name FROM account;
CREATE INDEX account_name ON account (name);
PRAGMA writable_schema=OFF;
COMMIT;
`
