import { toBackupError } from '../../core/errors.ts'
import { quoteIdent, quoteLiteral } from './database-name.ts'
import type { Session } from './session.ts'

/** What a database has outside its content, which pg_dump leaves out without `--create`. */
export interface DatabaseSettings {
  readonly owner: string
  readonly tablespace: string
  readonly connectionLimit: number
  readonly comment: string | null
  /** null: the default ones. */
  readonly privileges: readonly Privilege[] | null
  /** `ALTER DATABASE … SET`, and with a role `ALTER ROLE … IN DATABASE … SET`. */
  readonly variables: readonly Variable[]
}

interface Privilege {
  /** null: PUBLIC. */
  readonly grantee: string | null
  readonly privilege: string
  readonly grantable: boolean
}

interface Variable {
  readonly role: string | null
  readonly name: string
  readonly value: string
}

/** The settings of a database; undefined: there is no such database. */
export async function readSettings (session: Session, name: string): Promise<DatabaseSettings | undefined> {
  const [database] = await session.query<{
    oid: number
    owner: string
    tablespace: string
    connection_limit: number
    comment: string | null
    has_acl: boolean
  }>(
    `SELECT d.oid, pg_get_userbyid(datdba) AS owner, spcname AS tablespace, datconnlimit AS connection_limit,
       shobj_description(d.oid, 'pg_database') AS comment, datacl IS NOT NULL AS has_acl
     FROM pg_database d JOIN pg_tablespace t ON t.oid = dattablespace WHERE datname = $1`,
    [name]
  )
  if (database === undefined) return undefined
  const privileges = await session.query<Privilege>(
    `SELECT CASE WHEN grantee = 0 THEN NULL ELSE pg_get_userbyid(grantee) END AS grantee,
       privilege_type AS privilege, bool_or(is_grantable) AS grantable
     FROM pg_database, aclexplode(datacl) WHERE oid = $1 GROUP BY grantee, privilege_type
     ORDER BY grantee, privilege_type`,
    [database.oid]
  )
  const variables = await session.query<Variable>(
    `SELECT rolname AS role, split_part(item, '=', 1) AS name, substr(item, strpos(item, '=') + 1) AS value
     FROM pg_db_role_setting LEFT JOIN pg_roles ON pg_roles.oid = setrole, unnest(setconfig) WITH ORDINALITY AS list (item, position)
     WHERE setdatabase = $1 ORDER BY rolname NULLS FIRST, position`,
    [database.oid]
  )
  return {
    owner: database.owner,
    tablespace: database.tablespace,
    connectionLimit: database.connection_limit,
    comment: database.comment,
    privileges: database.has_acl ? privileges : null,
    variables
  }
}

/**
 * Gives a database these settings; the owner and the tablespace it has already. A variable that cannot be set is a
 * warning of the result; other failures reject.
 */
export async function applySettings (
  session: Session,
  name: string,
  { owner, connectionLimit, comment, privileges, variables }: DatabaseSettings
): Promise<readonly string[]> {
  const database = quoteIdent(name)
  await session.query(`ALTER DATABASE ${database} CONNECTION LIMIT ${connectionLimit}`)
  if (comment !== null) await session.query(`COMMENT ON DATABASE ${database} IS ${quoteLiteral(comment)}`)
  if (privileges !== null) {
    await session.query(`REVOKE ALL ON DATABASE ${database} FROM PUBLIC, ${quoteIdent(owner)}`)
    for (const { grantee, privilege, grantable } of privileges) {
      const role = grantee === null ? 'PUBLIC' : quoteIdent(grantee)
      await session.query(
        `GRANT ${privilege} ON DATABASE ${database} TO ${role}${grantable ? ' WITH GRANT OPTION' : ''}`
      )
    }
  }
  const warnings: string[] = []
  for (const variable of variables) {
    try {
      await setVariable(session, database, variable)
    } catch (thrown) {
      const { role, name: setting } = variable
      warnings.push(
        `the setting "${setting}"${role === null ? '' : ` of the role "${role}"`} of the database was not copied: ${
          toBackupError(thrown).message
        }`
      )
    }
  }
  return warnings
}

/** The stored text of a list is not that of a SET statement; `FROM CURRENT` stores the value that the session has. */
async function setVariable (session: Session, database: string, { role, name, value }: Variable): Promise<void> {
  const variable = name.split('.').map(quoteIdent).join('.')
  const alter = role === null
    ? `ALTER DATABASE ${database} SET ${variable}`
    : `ALTER ROLE ${quoteIdent(role)} IN DATABASE ${database} SET ${variable}`
  await session.query('BEGIN')
  try {
    await session.query('SELECT set_config($1, $2, true)', [name, value])
    await session.query(`${alter} FROM CURRENT`)
    await session.query('COMMIT')
  } catch (thrown) {
    await session.query('ROLLBACK')
    throw thrown
  }
}
