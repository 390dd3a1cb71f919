import type { StatusVerbs } from '../../engine/status/verbs.ts'
import { presentProbe, presentStore } from '../../present/store.ts'
import { route, type App } from '../route.ts'
import { probeAnswer, storeListAnswer, storeParams } from '../schemas/store.ts'

export function storeRoutes (app: App, { engine }: { readonly engine: StatusVerbs }): void {
  app.get(
    '/api/stores',
    route('viewer', {
      operationId: 'listStores',
      tag: 'sources',
      summary: 'List stores and their state',
      answers: { 200: storeListAnswer }
    }),
    async () => ({ success: true, stores: (await engine.stores()).map(presentStore) })
  )

  app.post(
    '/api/stores/:name/probe',
    route('operator', {
      operationId: 'probeStore',
      tag: 'sources',
      summary: 'Test whether a store can keep copies',
      action: 'store probe',
      description:
        'Writes one small object, which is removed afterwards except in an append-only store. A failed test is a finding, not an error: see `ok`.',
      answers: { 200: probeAnswer },
      errors: ['STORE_NOT_FOUND']
    }, { params: storeParams }),
    async ({ params: { name } }) => ({ success: true, probe: presentProbe(await engine.probe(name)) })
  )
}
