import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'

const root = join(import.meta.dirname, '../..')
const PAGES = globSync(['*.md', 'docs/**/*.md'], { cwd: root }).toSorted()

for (const page of PAGES) {
  test(`each link of ${page} leads to a file and an anchor that exist`, () => {
    assert.deepEqual(brokenLinks(readFileSync(join(root, page), 'utf8'), page), [])
  })
}

test('README.md and each page of docs lead to the glossary', () => {
  for (const page of ['README.md', 'docs/operations.md', 'docs/cli.md', 'docs/api.md', 'docs/architecture.md']) {
    assert.match(readFileSync(join(root, page), 'utf8'), /glossary\.md/, page)
  }
})

test('the glossary has each term once', () => {
  const terms = [
    ...readFileSync(join(root, 'docs/glossary.md'), 'utf8').matchAll(/^- <a id="(.*)"><\/a>\*\*(.*)\*\*: .+[.]$/gm)
  ]
  assert.ok(terms.length > 30)
  assert.deepEqual(terms.map(([, id]) => id), terms.map(([, , term = '']) => anchorOf(term)))
  assert.equal(new Set(terms.map(([, id]) => id)).size, terms.length)
})

test('a missing file and a missing anchor are found', () => {
  const text =
    '# Here\n[a](#here) [b](#gone) [c](gone.md) [d](README.md#gone) [e](README.md) [f](https://example.org/#gone)'
  assert.deepEqual(brokenLinks(text, 'page.md'), ['#gone', 'gone.md', 'README.md#gone'])
})

/** Links to files of the project that do not exist, or lack the anchor. */
function brokenLinks (text: string, page: string): string[] {
  const links = [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link)
  return links.filter(link => !/^[a-z]+:/.test(link)).filter(link => {
    const [path = '', anchor] = link.split('#')
    const target = path === '' ? null : join(root, dirname(page), path)
    if (target !== null && !existsSync(target)) return true
    return anchor !== undefined && !anchorsIn(target === null ? text : readFileSync(target, 'utf8')).has(anchor)
  })
}

/** Headings as GitHub turns them into anchors, and explicit ones. */
function anchorsIn (text: string): Set<string> {
  const headings = [...text.replace(/^```[^]*?^```$/gm, '').matchAll(/^#{1,6} (.+)$/gm)]
  return new Set([
    ...headings.map(([, heading = '']) => anchorOf(heading)),
    ...[...text.matchAll(/<a id="([^"]+)">/g)].map(([, id = '']) => id)
  ])
}

function anchorOf (heading: string): string {
  return heading.toLowerCase().replace(/[^\p{L}\p{N}_ -]/gu, '').replaceAll(' ', '-')
}

function withoutCode (text: string): string {
  return text.replace(/^```[^]*?^```$/gm, '').replace(/`[^`\n]*`/g, '')
}
