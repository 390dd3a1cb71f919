-- How the backup of a run is made. What fell due before there were increments made full backups.
ALTER TABLE runs ADD COLUMN method TEXT NOT NULL DEFAULT 'full' CHECK(method IN ('full', 'incremental'));
