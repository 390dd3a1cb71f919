import swaggerUi from '@fastify/swagger-ui'
import type { App } from './route.ts'

/** A database on a shield: 32 by 32. */
const MARK =
  '<path d="M16 2 4 7v8c0 7.4 5.1 13 12 15 6.9-2 12-7.6 12-15V7z" fill="#1f6f5c"/><g fill="none" stroke="#fff" stroke-width="2"><ellipse cx="16" cy="11" rx="6" ry="2.5"/><path d="M10 11v9c0 1.4 2.7 2.5 6 2.5s6-1.1 6-2.5v-9M10 15.5c0 1.4 2.7 2.5 6 2.5s6-1.1 6-2.5"/></g>'
const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">${MARK}</svg>`
const LOGO =
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 150 32" width="150" height="32">${MARK}<text x="38" y="23" font-family="sans-serif" font-size="20" font-weight="600" fill="#fff">Holdfast</text></svg>`

/** `/openapi.json`, the same to browse at `/docs`, and `/`, which leads there. */
export async function serveDocs (app: App): Promise<void> {
  let text: string | undefined
  app.get('/openapi.json', { config: { role: 'open' }, schema: { hide: true } }, (_request, reply) => {
    reply.type('application/json; charset=utf-8')
    text ??= JSON.stringify(app.swagger())
    return text
  })
  app.get('/', { config: { role: 'open' }, schema: { hide: true } }, (_request, reply) => reply.redirect('/docs', 302))
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    uiConfig: { validatorUrl: null },
    logo: { type: 'image/svg+xml', content: Buffer.from(LOGO) },
    theme: {
      title: 'Holdfast API',
      favicon: [{ filename: 'holdfast.svg', rel: 'icon', type: 'image/svg+xml', sizes: 'any', content: ICON }]
    }
  })
}
