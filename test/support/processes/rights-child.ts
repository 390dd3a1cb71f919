import { examineRights } from '../../../src/cli/doctor/rights.ts'
import type { DoctorContext } from '../../../src/cli/doctor/context.ts'
import { examineSourceRights } from '../../../src/cli/doctor/sources.ts'
import { SOURCE_KINDS } from '../../../src/sources/index.ts'

/**
 * Examines the rights of its user on the places that are the first argument, and on the database that is the second,
 * and prints what it finds: for a test that runs it as another user.
 */
const [places = '', database = ''] = process.argv.slice(2)
const context = {
  ...JSON.parse(places) as DoctorContext,
  sources: [{ name: 'shop', kind: SOURCE_KINDS[0], values: { path: database } }]
}
const findings = [...await examineRights(context, undefined), ...await examineSourceRights(context, undefined)]
process.stdout.write(JSON.stringify(findings))
