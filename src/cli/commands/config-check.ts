import { Command } from 'commander'
import { exitCodesHelp, type Output } from '../output.ts'

export interface ConfigCheckDeps {
  readonly check: () => ConfigReport
  readonly output: Output
  readonly exit: (code: number) => void
}

/** What the configuration comes to. Secrets are masked. */
export type ConfigReport =
  | { readonly ok: false, readonly problems: readonly Problem[], readonly text: string }
  | {
    readonly ok: true
    readonly file: string | undefined
    readonly inForce: readonly Entry[]
    readonly sources: readonly { readonly name: string, readonly kind: string, readonly path: string, readonly policy: object }[]
    readonly defaultSource: string
  }

interface Problem { readonly name: string, readonly problem: string, readonly remedy: string }
interface Entry { readonly key: string, readonly variable: string, readonly value: string | number | boolean | null, readonly origin: string }

export function configCheckCommand (deps: ConfigCheckDeps): Command {
  return new Command('check')
    .description('Show the configuration in force and where each value comes from, or everything that is wrong with it.')
    .option('--json', 'as JSON')
    .addHelpText('after', exitCodesHelp([0, 1, 2]))
    .action((flags: { readonly json?: true }) => {
      const report = deps.check()
      deps.output.out.write(flags.json === true ? asJson(report) : asText(report))
      deps.exit(report.ok ? 0 : 2)
    })
}

function asJson (report: ConfigReport): string {
  const shown = report.ok
    ? { ok: true, file: report.file ?? null, config: report.inForce, sources: report.sources, defaultSource: report.defaultSource }
    : { ok: false, problems: report.problems }
  return `${JSON.stringify(shown, undefined, 2)}\n`
}

function asText (report: ConfigReport): string {
  if (!report.ok) return `${report.text}\n`
  const width = Math.max(...report.inForce.map(({ variable }) => variable.length))
  const settings = report.inForce.map(({ variable, value, origin }) => `${variable.padEnd(width)}  ${value ?? '(not set)'}  [${origin}]`)
  const sources = report.sources.map(({ name, kind, path, policy }) => {
    const own = Object.entries(policy).map(([key, value]) => ` ${key}=${String(value)}`).join('')
    return `source ${name} (${kind})${name === report.defaultSource ? ', the default' : ''}: ${path}${own}`
  })
  return [`the configuration is valid${report.file === undefined ? '' : `; ${report.file} was read`}`, '', ...settings, '', ...sources, ''].join('\n')
}
