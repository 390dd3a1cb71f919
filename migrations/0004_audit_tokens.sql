-- Tokens that were made here, and those made elsewhere that were revoked here. Never a token itself.
CREATE TABLE tokens (
  id TEXT PRIMARY KEY,
  subject TEXT,
  role TEXT,
  created_at TEXT,
  expires_at TEXT,
  revoked_at TEXT,
  -- Nothing else than one of the two brings a token here.
  CHECK(created_at IS NOT NULL OR revoked_at IS NOT NULL)
) STRICT;

CREATE INDEX tokens_of_subject ON tokens (subject) WHERE subject IS NOT NULL;
CREATE INDEX tokens_expiring ON tokens (expires_at) WHERE expires_at IS NOT NULL;

-- Subjects whose tokens are refused, wherever they were made, unless they were issued later than this.
CREATE TABLE revoked_subjects (
  subject TEXT PRIMARY KEY,
  revoked_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Who did what, or tried to.
CREATE TABLE audit (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at TEXT NOT NULL,
  origin TEXT NOT NULL CHECK(origin IN ('api', 'cli')),
  actor TEXT,
  role TEXT,
  address TEXT,
  action TEXT NOT NULL,
  target TEXT,
  outcome TEXT NOT NULL CHECK(outcome IN ('done', 'refused', 'failed')),
  code TEXT,
  request_id TEXT,
  -- More than one: the same was refused so often within a short time.
  times INTEGER NOT NULL CHECK(times >= 1)
) STRICT;

CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_of_actor ON audit (actor, id);
CREATE INDEX audit_of_action ON audit (action, id);
CREATE INDEX audit_of_outcome ON audit (outcome, id);

-- What is older than this may be deleted: a purge sets it for the transaction in which it deletes.
CREATE TABLE audit_purge (
  id INTEGER PRIMARY KEY CHECK(id = 1),
  before TEXT NOT NULL
) STRICT;

INSERT INTO audit_purge (id, before) VALUES (1, '');

-- An entry is never changed, neither as such nor by an insert that replaces it.
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
BEGIN
  SELECT RAISE(ABORT, 'an entry of the audit cannot be changed');
END;

CREATE TRIGGER audit_is_not_replaced BEFORE INSERT ON audit
WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id)
BEGIN
  SELECT RAISE(ABORT, 'an entry of the audit cannot be replaced');
END;

CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit
WHEN OLD.at >= (SELECT before FROM audit_purge)
BEGIN
  SELECT RAISE(ABORT, 'an entry of the audit cannot be deleted before its time');
END;
