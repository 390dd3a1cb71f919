-- What became of the content that a restore kept aside: when its undo began, when it was back in its place, and when it
-- was removed instead. NULL: that did not happen.
ALTER TABLE restores ADD COLUMN undo_started_at TEXT;
ALTER TABLE restores ADD COLUMN undone_at TEXT;
ALTER TABLE restores ADD COLUMN discarded_at TEXT;
CREATE INDEX restores_undoing ON restores (id) WHERE undo_started_at IS NOT NULL AND undone_at IS NULL;
