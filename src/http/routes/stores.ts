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
      summary: 'Where backups are kept, and how each place stands',
      answers: { 200: storeListAnswer }
    }),
    async () => ({ success: true, stores: (await engine.stores()).map(presentStore) })
  )

  app.post(
    '/api/stores/:name/probe',
    route('operator', {
      operationId: 'probeStore',
      tag: 'sources',
      summary: 'Try whether copies can be kept in a store',
      action: 'store probe',
      description:
        'With one small object, which is removed again; in an append-only store it stays. What goes wrong is a finding and no error: see "ok".',
      answers: { 200: probeAnswer },
      errors: ['STORE_NOT_FOUND']
    }, { params: storeParams }),
    async ({ params: { name } }) => ({ success: true, probe: presentProbe(await engine.probe(name)) })
  )
}
