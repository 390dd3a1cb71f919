-- Of the restore of a set, as JSON: each member with its target, how far it is, and what undoes it. NULL for a backup of
-- one source.
ALTER TABLE restores ADD COLUMN members TEXT;
