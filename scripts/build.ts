import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Makes dist/: a package that runs without type stripping, for publishing and for the container. The tree in it is that
 * of the repository, so that what is found from src/ (migrations/, public/) is found there as well.
 */
const root = join(import.meta.dirname, '..')
const dist = join(root, 'dist')

rmSync(dist, { recursive: true, force: true })
execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit'
})
for (const part of ['migrations', 'public', 'README.md', 'CHANGELOG.md', '.env.example', 'holdfast.example.yaml']) {
  if (existsSync(join(root, part))) cpSync(join(root, part), join(dist, part), { recursive: true })
}
mkdirSync(join(dist, 'bin'))
for (const name of readdirSync(join(root, 'bin'))) {
  writeFileSync(
    join(dist, 'bin', name),
    readFileSync(join(root, 'bin', name), 'utf8').replaceAll(/(import\('[^']+)\.ts'\)/g, "$1.js')")
  )
}
chmodSync(join(dist, 'bin/holdfast.cjs'), 0o755)
writeFileSync(join(dist, 'package.json'), `${JSON.stringify(publishedPackage(), undefined, 2)}\n`)

function publishedPackage (): object {
  const { name, version, description, license, type, engines, dependencies } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8')
  ) as Record<string, unknown>
  return {
    name,
    version,
    description,
    license,
    type,
    engines,
    bin: { holdfast: 'bin/holdfast.cjs' },
    scripts: { start: 'node bin/server.cjs' },
    dependencies
  }
}
