import type { Environment } from './read-environment.ts'

/** As it is called where it is installed. */
const INSTALLED = 'holdfast'
/** As it is called from its source tree. */
const BY_NPM = 'npm run -s holdfast --'

/**
 * The words by which a user calls the command line: npm run from the source tree where that is how this process was
 * started (https://docs.npmjs.com/cli/using-npm/scripts#environment), otherwise `holdfast`.
 */
export function commandName ({ npm_lifecycle_event: script, npm_package_name: name }: Environment): string {
  return name === 'holdfast' && (script === 'holdfast' || script === 'start') ? BY_NPM : INSTALLED
}
