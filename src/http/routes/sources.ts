import type { Clock } from '../../core/clock.ts'
import type { StatusVerbs } from '../../engine/status/verbs.ts'
import { presentSource } from '../../present/source.ts'
import { route, type App } from '../route.ts'
import { sourceAnswer, sourceListAnswer, sourceParams } from '../schemas/source.ts'

export function sourceRoutes (
  app: App,
  { engine, clock }: { readonly engine: StatusVerbs, readonly clock: Clock }
): void {
  app.get(
    '/api/sources',
    route('viewer', {
      operationId: 'listSources',
      tag: 'sources',
      summary: 'List sources and their state',
      answers: { 200: sourceListAnswer }
    }),
    async () => {
      const sources = await engine.sources()
      return { success: true, sources: sources.map(source => presentSource(source, clock.now())) }
    }
  )

  app.get(
    '/api/sources/:name',
    route('viewer', {
      operationId: 'getSource',
      tag: 'sources',
      summary: 'Get a source',
      answers: { 200: sourceAnswer },
      errors: ['SOURCE_NOT_FOUND']
    }, { params: sourceParams }),
    async ({ params: { name } }) => {
      return { success: true, source: presentSource(await engine.source(name), clock.now()) }
    }
  )
}
