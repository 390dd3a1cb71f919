import type { Service } from '../processes/service.ts'

export interface GetAnswer {
  readonly path: string
  readonly status: number
  readonly text: string
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

/**
 * What each GET of the OpenAPI document answers, but for the stream of events, which does not end. Each id in a path is
 * 1, and each name is `source`.
 */
export async function everyAnswer (service: Service, source: string): Promise<readonly GetAnswer[]> {
  const { body } = await service.call('GET', '/openapi.json')
  const paths = Object.entries((body as Document).paths)
    .filter(([path, methods]) => 'get' in methods && path !== '/api/events')
    .map(([path]) => path.replace('{id}', '1').replace('{name}', source))
  const answers: GetAnswer[] = []
  for (const path of paths) {
    const answer = await service.call('GET', path)
    answers.push({ path, status: answer.status, text: JSON.stringify(answer.body) })
  }
  return answers
}
