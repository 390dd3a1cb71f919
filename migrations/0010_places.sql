-- Stores that were given by their URL alone, to take over what is in them: the next command can read from there as well.
CREATE TABLE places (
  -- What the copies there call their store.
  name TEXT PRIMARY KEY,
  -- Without anything secret: who we are there comes from the environment.
  url TEXT NOT NULL UNIQUE,
  since TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- How often what a copy of this catalog is for has changed, whichever process did it, and how often it had when the last
-- copy was made. The catalog's own backups do not count: each would call for the next.
CREATE TABLE catalog_changes (
  id INTEGER PRIMARY KEY CHECK(id = 1),
  changes INTEGER NOT NULL,
  saved INTEGER NOT NULL
) STRICT;
INSERT INTO catalog_changes VALUES (1, 0, 0);

CREATE TRIGGER backup_log_insert_changes AFTER INSERT ON backup_log WHEN NEW.source <> 'holdfast' AND NEW.status <> 'in_progress' BEGIN
  UPDATE catalog_changes SET changes = changes + 1;
END;
CREATE TRIGGER backup_log_update_changes AFTER UPDATE ON backup_log WHEN NEW.source <> 'holdfast' AND NEW.status <> 'in_progress' BEGIN
  UPDATE catalog_changes SET changes = changes + 1;
END;
CREATE TRIGGER settings_insert_changes AFTER INSERT ON settings WHEN NEW.key <> 'instanceId' BEGIN
  UPDATE catalog_changes SET changes = changes + 1;
END;
CREATE TRIGGER settings_update_changes AFTER UPDATE ON settings BEGIN
  UPDATE catalog_changes SET changes = changes + 1;
END;
CREATE TRIGGER tokens_insert_changes AFTER INSERT ON tokens BEGIN
  UPDATE catalog_changes SET changes = changes + 1;
END;
CREATE TRIGGER tokens_update_changes AFTER UPDATE ON tokens BEGIN
  UPDATE catalog_changes SET changes = changes + 1;
END;
CREATE TRIGGER revoked_subjects_insert_changes AFTER INSERT ON revoked_subjects BEGIN
  UPDATE catalog_changes SET changes = changes + 1;
END;
CREATE TRIGGER revoked_subjects_update_changes AFTER UPDATE ON revoked_subjects BEGIN
  UPDATE catalog_changes SET changes = changes + 1;
END;
