-- Which store is meant by a name: the id in its marker when it was last found to be the right one. Another one that turns
-- up in its place, such as the bare mount point of a disk that is away, is not taken for it.
CREATE TABLE store_ids (
  name TEXT PRIMARY KEY,
  id TEXT NOT NULL
) STRICT, WITHOUT ROWID;
