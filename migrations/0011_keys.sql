-- Somebody said that the recovery card of a key is stored where it will be found. Nothing of the key itself is here.
CREATE TABLE key_confirmations (
  key_id TEXT PRIMARY KEY,
  confirmed_at TEXT NOT NULL,
  actor TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- A copy of the catalog is for this, too.
CREATE TRIGGER key_confirmations_insert_changes AFTER INSERT ON key_confirmations BEGIN
  UPDATE catalog_changes SET changes = changes + 1;
END;
