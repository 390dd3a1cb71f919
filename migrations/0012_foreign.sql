-- Backups of another installation, found in a place that both can read: listed, and never touched by any rule of ours.
-- A table of its own, so that reading many rows of backup_log costs no more than before.
CREATE TABLE foreign_backups (
  backup_id INTEGER PRIMARY KEY REFERENCES backup_log (id),
  -- The installation that made it, as its manifest or the marker of the store names it; 'unknown': neither does.
  instance TEXT NOT NULL
);
