import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { Parent } from '../../src/core/ports/source.ts'
import type { Link } from '../../src/core/restore/restorable.ts'
import { requireLink } from '../../src/engine/backup/basis.ts'
import { never } from '../support/streams.ts'
import { damageOf, restore, store, storeSnapshot, type Scene } from './source-suite.ts'

/** What a kind that makes increments is asked for in addition to `sourceSuite`; `change` leaves increments possible. */
export function incrementSuite (
  kind: string,
  make: (t: TestContext) => Promise<Pick<Scene, 'kind' | 'source' | 'placement' | 'content' | 'change'>>
): void {
  test(`${kind}: each link of a chain continues the one before it, is whole, and is restored with those before it`, async t => {
    const { kind, source, placement, content, change } = await make(t)
    assert.ok(kind.methods.includes('incremental'))
    const chain: [Link, ...Link[]] = [await store(t, source)]
    const contents = [content()]
    // The second increment has no change at all.
    for (const before of [change, () => {}, change, change]) {
      before()
      const parent = parentOf(chain.at(-1) ?? chain[0])
      assert.equal(await source.obstacle?.(parent, never), null)
      const request = { compression: 'none', method: 'incremental', parent } as const
      await source.probe(request, never)
      chain.push(await storeSnapshot(t, source, await source.snapshot(request, never)))
      contents.push(content())
    }
    for (const [depth, link] of chain.entries()) {
      assert.equal(await damageOf(kind, link), undefined)
      assert.doesNotThrow(() =>
        requireLink(link.manifest.link, {
          compression: 'none',
          ...depth === 0
            ? { method: 'full', parent: null }
            : { method: 'incremental', parent: parentOf(chain[depth - 1] ?? chain[0]) }
        }, source)
      )
      assert.equal(link.manifest.link?.depth, depth)
    }
    for (const [depth, expected] of contents.entries()) {
      const links: [Link, ...Link[]] = [chain[0], ...chain.slice(1, depth + 1)]
      const rehearsal = await kind.rehearser.rehearse({ links }, never)
      assert.deepEqual((await rehearsal.checks(never)).filter(({ status }) => status !== 'pass'), [])
      await rehearsal.close()
      await restore(kind.restorer, links, placement)
      assert.deepEqual(content(), expected, `depth ${depth}`)
    }
  })
}

/** Gives the source index parts alone, as the engine does. */
function parentOf ({ manifest, images }: Link): Parent {
  const { object: { name, sha256 }, facts, link } = manifest
  return {
    name: { name, sha256 },
    facts,
    link,
    async open (part, signal) {
      assert.ok(manifest.parts.some(one => one.name === part && one.isIndex), `"${part}" is no index`)
      return await images.open(part, signal)
    }
  }
}
