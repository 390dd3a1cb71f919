import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { postgresRehearser } from '../../../src/sources/postgres/rehearse.ts'
import { contextOf, restorableBackup, type PostgresBackup } from '../databases/postgres-backup.ts'

/** Restores a backup for a drill, writes the process and the user of its server, and waits to be killed. */
interface Task {
  readonly programs: string
  readonly scratch: string
  readonly backup: PostgresBackup
}

const { programs, scratch, backup } = JSON.parse(await text(process.stdin)) as Task
const signal = new AbortController().signal
const rehearsal = await postgresRehearser(contextOf({ programs }, scratch)).rehearse(restorableBackup(backup), signal)
const statuses = (await rehearsal.checks(signal)).map(({ status }) => status)
const directory = [scratch, tmpdir(), '/var/tmp'].flatMap(place => readdirSync(place).map(name => join(place, name)))
  .find(path => basename(path).includes(`-${basename(scratch)}-`) && existsSync(join(path, 'data'))) ?? ''
const pid = Number.parseInt(readFileSync(join(directory, 'data/postmaster.pid'), 'utf8'), 10)
process.stdout.write(JSON.stringify({ pid, uid: statSync(`/proc/${pid}`).uid, statuses }))
setInterval(() => {}, 1000)
