-- Each time at which a rule fell due, and what came of it. source is '' for what concerns every source.
CREATE TABLE runs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL CHECK(kind IN ('backup', 'prune')),
  source TEXT NOT NULL,
  rule TEXT NOT NULL,
  tier TEXT CHECK(tier IN ('hourly', 'daily', 'weekly', 'monthly', 'yearly')),
  due_at TEXT NOT NULL,
  status TEXT NOT NULL CHECK(status IN ('waiting', 'running', 'done', 'failed', 'skipped')),
  attempts INTEGER NOT NULL DEFAULT 0,
  next_attempt_at TEXT,
  backup_id INTEGER REFERENCES backup_log (id) ON DELETE SET NULL,
  reason TEXT,
  error_code TEXT,
  started_at TEXT,
  finished_at TEXT,
  CHECK((finished_at IS NULL) = (status IN ('waiting', 'running'))),
  -- A time of a rule cannot be done twice.
  UNIQUE (kind, source, rule, due_at)
) STRICT;

CREATE INDEX runs_of_rule ON runs (kind, source, rule, id);
CREATE INDEX runs_of_source ON runs (source, id);
CREATE INDEX runs_of_source_and_status ON runs (source, status, id);
CREATE INDEX runs_of_status ON runs (status, id);
CREATE INDEX runs_due ON runs (due_at);
CREATE INDEX runs_finished ON runs (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX runs_of_backup ON runs (backup_id) WHERE backup_id IS NOT NULL;

-- The rules in force, each with what it says and since when: what fell due before then is not caught up.
CREATE TABLE schedule_rules (
  kind TEXT NOT NULL,
  source TEXT NOT NULL,
  rule TEXT NOT NULL,
  says TEXT NOT NULL,
  since TEXT NOT NULL,
  PRIMARY KEY (kind, source, rule)
) STRICT, WITHOUT ROWID;
