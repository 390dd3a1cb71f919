import { examineRights } from '../../../src/cli/doctor/rights.ts'
import type { DoctorContext } from '../../../src/cli/doctor/context.ts'

/**
 * Examines the rights of its user on the places that are the one argument, and prints what it finds: for a test that
 * runs it as another user.
 */
process.stdout.write(JSON.stringify(await examineRights(JSON.parse(process.argv[2] ?? '') as DoctorContext, undefined)))
