-- What each store holds. The triggers keep it exact, whoever writes, so that totals never need a scan.
CREATE TABLE copy_counts (
  store TEXT PRIMARY KEY,
  stored INTEGER NOT NULL,
  bytes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO copy_counts SELECT store, count(*), coalesce(sum(size_bytes), 0) FROM copies WHERE status = 'stored' GROUP BY store;

CREATE TRIGGER copies_inserted AFTER INSERT ON copies WHEN NEW.status = 'stored' BEGIN
  INSERT INTO copy_counts VALUES (NEW.store, 1, coalesce(NEW.size_bytes, 0))
    ON CONFLICT DO UPDATE SET stored = stored + 1, bytes = bytes + excluded.bytes;
END;

CREATE TRIGGER copies_updated AFTER UPDATE OF store, status, size_bytes ON copies WHEN OLD.status = 'stored' OR NEW.status = 'stored' BEGIN
  UPDATE copy_counts SET stored = stored - 1, bytes = bytes - coalesce(OLD.size_bytes, 0) WHERE store = OLD.store AND OLD.status = 'stored';
  INSERT INTO copy_counts SELECT NEW.store, 1, coalesce(NEW.size_bytes, 0) WHERE NEW.status = 'stored'
    ON CONFLICT DO UPDATE SET stored = stored + 1, bytes = bytes + excluded.bytes;
END;

CREATE TRIGGER copies_deleted AFTER DELETE ON copies WHEN OLD.status = 'stored' BEGIN
  UPDATE copy_counts SET stored = stored - 1, bytes = bytes - coalesce(OLD.size_bytes, 0) WHERE store = OLD.store;
END;

-- The few copies that are still to be uploaded, without a look at all that are stored.
CREATE INDEX copies_wanted ON copies (backup_id) WHERE status IN ('pending', 'uploading', 'failed', 'missing');
