import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const root = join(import.meta.dirname, '../..')
const page = readFileSync(join(root, 'docs/architecture.md'), 'utf8')
const [, tree = ''] = /^## Folders$[\s\S]*?^```$([\s\S]*?)^```$/m.exec(page) ?? []

/** Files by their folder, as the tree in docs/architecture.md has them. */
function drawn (): Map<string, string[]> {
  const folders = new Map<string, string[]>()
  let top = ''
  for (const line of tree.split('\n').filter(one => one.trim() !== '')) {
    const [folder = '', ...files] = line.trim().split(/\s+/)
    if (line.startsWith('src/')) top = folder
    folders.set(line.startsWith('src/') ? folder : top + folder, files)
  }
  return folders
}

function filesIn (folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).filter(entry => entry.isFile()).map(({ name }) =>
    name.replace(/\.ts$/, '')
  ).toSorted()
}

function foldersIn (folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).filter(entry => entry.isDirectory()).map(({ name }) =>
    `${folder}${name}/`
  )
}

test('docs/architecture.md draws every file of app, core and engine in its room, and no other', () => {
  const folders = ['src/app/', ...['src/core/', 'src/engine/'].flatMap(top => [top, ...foldersIn(top)])].toSorted()
  const found = drawn()
  const isOfOurs = (folder: string): boolean =>
    ['src/app/', 'src/core/', 'src/engine/'].some(top => folder.startsWith(top))
  assert.deepEqual([...found.keys()].filter(isOfOurs).toSorted(), folders)
  for (const folder of folders) assert.deepEqual(found.get(folder)?.toSorted(), filesIn(folder), folder)
})
