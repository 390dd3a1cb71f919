-- What is wrong, and what was: one row from when a rule began to hold, with the end once it no longer does.
CREATE TABLE alerts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  key TEXT NOT NULL,
  rule TEXT NOT NULL,
  source TEXT,
  severity TEXT NOT NULL CHECK(severity IN ('critical', 'warning')),
  message TEXT NOT NULL,
  remedy TEXT NOT NULL,
  raised_at TEXT NOT NULL,
  cleared_at TEXT
) STRICT;

-- Of each rule and source one at most is open.
CREATE UNIQUE INDEX alerts_open ON alerts (key) WHERE cleared_at IS NULL;
CREATE INDEX alerts_cleared ON alerts (cleared_at) WHERE cleared_at IS NOT NULL;

-- The few backups that a verification found damaged, without a look at all the others.
CREATE INDEX backup_log_damaged ON backup_log (source, id) WHERE verification_status = 'invalid';
