import type { RestoreByHand } from '../../core/ports/source-kind.ts'

/** How a backup of a PostgreSQL database is looked into, and restored into a new database. */
export const POSTGRES_BY_HAND: RestoreByHand = {
  tool: 'pg_restore',
  note: `\
  pg_restore -l $B                             list its content

Use pg_restore of the version in "facts.engine" or a later one.

The part "globals" has the roles of the server; the database itself has
none. Errors about roles that exist are harmless:

  psql -X -d postgres -f <globals>
  createdb -T template0 restored
  pg_restore --exit-on-error -d restored $B
  vacuumdb --analyze-only -d restored

Without the roles, add --no-owner --no-acl to pg_restore. -j 4 restores with
four connections. Rename the databases when the restored one is right.
`,
  command: 'pg_restore -l backup.dump'
}
