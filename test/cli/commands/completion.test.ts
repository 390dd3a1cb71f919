import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { Argument, Command, Option } from 'commander'
import { completionCommand } from '../../../src/cli/commands/completion.ts'
import { needTool } from '../../support/skip-without.ts'
import { tempDir } from '../../support/temp-dir.ts'

/** A program with everything that a completion has to deal with. */
function program (): Command {
  const token = new Command('token').description('Tokens; it\'s "theirs".')
    .addCommand(
      new Command('create').addOption(new Option('--role <role>', 'what: it may do').choices(['viewer', 'admin']))
        .option('-x, --expires <time>', 'when').option('--mode <mode>', 'how')
    )
    .addCommand(new Command('revoke').argument('<id>'))
  return new Command('holdfast')
    .addCommand(token)
    .addCommand(
      new Command('list').alias('ls').description('What there is.').option('--json', 'as JSON').option(
        '--no-colour',
        'plain'
      )
    )
    .addCommand(new Command('secret'), { hidden: true })
    .addCommand(new Command('for').addArgument(new Argument('<shell>').choices(['bash', 'zsh'])))
}

async function script (shell: string): Promise<string> {
  let written = ''
  const write = (text: string): void => {
    written += text
  }
  await completionCommand({
    program,
    lateChoices: async () => ({ '--mode': ['live', 'replace'], '--role': ['unused'] }),
    output: { out: { write }, err: { write } }
  }).parseAsync([shell], { from: 'user' })
  return written
}

/** What bash offers at the end of the line, in its own order. */
async function offered (t: TestContext, line: readonly string[]): Promise<string[]> {
  const file = join(tempDir(t), 'completion.bash')
  writeFileSync(file, await script('bash'))
  const ask =
    // eslint-disable-next-line no-template-curly-in-string -- the shell's own syntax
    'source "$1"; shift; COMP_WORDS=(holdfast "$@"); COMP_CWORD=$#; _holdfast; printf "%s\\n" "${COMPREPLY[@]}"'
  const { stdout, stderr, status } = spawnSync('bash', ['--norc', '-euc', ask, 'bash', file, ...line], {
    encoding: 'utf8'
  })
  assert.deepEqual([stderr, status], ['', 0])
  return stdout.split('\n').filter(word => word !== '')
}

for (
  const [line, words] of [
    [['t'], ['token']],
    [[''], ['token', 'list', 'ls', 'for', 'help', '-h', '--help']],
    [['token', ''], ['create', 'revoke', 'help', '-h', '--help']],
    [['token', 'create', '--'], ['--role', '--expires', '--mode', '--help']],
    [['token', 'create', '--role', ''], ['viewer', 'admin']],
    [['token', 'create', '--role', 'a'], ['admin']],
    [['token', 'create', '--role', '=', 'v'], ['viewer']],
    [['token', 'create', '--role', '='], ['viewer', 'admin']],
    [['token', 'create', '--role', 'admin', '--exp'], ['--expires']],
    [['token', 'create', '-x', ''], []],
    [['token', 'create', '--mode', 'r'], ['replace']],
    [['ls', '--'], ['--json', '--no-colour', '--help']],
    [['list', 'token', '--j'], ['--json']],
    [['for', 'z'], ['zsh']],
    [['secret', 't'], ['token']],
    [['nonsense', 'token', 'cr'], ['create']]
  ] as const
) {
  test(`bash offers ${words.join(', ') || 'files'} after "holdfast ${line.join(' ')}"`, async t => {
    if (needTool(t, 'bash')) assert.deepEqual(await offered(t, line), words)
  })
}

for (const shell of ['zsh', 'fish']) {
  test(`${shell} takes its script as one without errors`, async t => {
    if (!needTool(t, shell)) return
    const file = join(tempDir(t), 'completion')
    writeFileSync(file, await script(shell))
    const { stderr, status } = spawnSync(shell, ['-n', file], { encoding: 'utf8' })
    assert.deepEqual([stderr, status], ['', 0])
  })
}

for (
  const [line, words] of [
    ['holdfast t', ['token']],
    ['holdfast token ', ['create', 'help', 'revoke']],
    ['holdfast token create --role ', ['admin', 'viewer']],
    ['holdfast token create --e', ['--expires']],
    ['holdfast for ', ['bash', 'zsh']]
  ] as const
) {
  test(`fish offers ${words.join(', ')} after "${line}"`, async t => {
    if (!needTool(t, 'fish')) return
    const file = join(tempDir(t), 'completion.fish')
    writeFileSync(file, await script('fish'))
    const { stdout } = spawnSync('fish', ['--no-config', '-c', 'source $argv[1]; complete -C $argv[2]', file, line], {
      encoding: 'utf8'
    })
    assert.deepEqual(stdout.split('\n').flatMap(found => found === '' ? [] : [found.split('\t')[0]]).toSorted(), words)
  })
}

test('a shell that is not known is wrong usage', async () => {
  const command = completionCommand({
    program,
    lateChoices: async () => ({}),
    output: { out: process.stdout, err: process.stderr }
  }).exitOverride()
    .configureOutput({ writeErr () {} })
  await assert.rejects(command.parseAsync(['tcsh'], { from: 'user' }), { code: 'commander.invalidArgument' })
})
