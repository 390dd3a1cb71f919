import { BackupError } from '../core/errors.ts'
import type { App } from './route.ts'

/**
 * How request bodies are read: JSON, or nothing at all. Nothing may come under any media type, since tools such as curl
 * name one even then. A body that is compressed is refused: its size would say nothing of what it becomes.
 */
export function readBodies (app: App): void {
  // Refuses keys that would reach the prototype of an object.
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeAllContentTypeParsers()
  app.addHook('preParsing', (request, _reply, _payload, done) => {
    const encoding = request.headers['content-encoding'] ?? 'identity'
    done(
      encoding.toLowerCase() === 'identity'
        ? null
        : new BackupError('MEDIA_TYPE_UNSUPPORTED', 'the body is compressed', {
          hint: 'Send it uncompressed, without Content-Encoding.'
        })
    )
  })
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined)
    else {
      void parse(request, String(body), (error, value) => {
        done(error === null ? null : notJson(error), value)
      })
    }
  })
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => {
    done(
      body === ''
        ? null
        : new BackupError('MEDIA_TYPE_UNSUPPORTED', 'the content type of the body is not JSON', {
          hint: 'Send JSON with "Content-Type: application/json".'
        })
    )
  })
}

function notJson (cause: Error): BackupError {
  return new BackupError('VALIDATION_FAILED', 'the body is not valid JSON, or has keys that are not allowed', { cause })
}
