import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import {
  choice,
  concealed,
  document,
  documentOrList,
  flag,
  hasFile,
  key,
  optional,
  path,
  secret,
  text,
  url,
  whole,
  type Field
} from '../../../src/core/ports/field.ts'

/** What the text of a variable becomes; undefined: it is refused. */
function read (field: Field<unknown>, written: string): unknown {
  return field.schema.safeParse(field.fromText(written)).data
}

test('a whole number has both its bounds, and no other form than digits', () => {
  const field = whole(1, 10)
  assert.deepEqual(['1', '10', '0', '11', '2.5', '1e1', ' 3', ''].map(written => read(field, written)), [
    1,
    10,
    ...Array.from({ length: 6 })
  ])
  assert.equal(field.expects, 'a whole number from 1 to 10')
})

test('a flag is true or false in any case, and nothing else', () => {
  assert.deepEqual(['true', 'FALSE', 'yes', '1'].map(written => read(flag, written)), [
    true,
    false,
    undefined,
    undefined
  ])
})

test('a choice is one of its values, as it is written', () => {
  assert.deepEqual(['aws', 'AWS'].map(written => read(choice(['aws', 'compatible']), written)), ['aws', undefined])
})

test('a path holds at least one character, and no NUL', () => {
  assert.deepEqual(['./a', '', 'a\0b'].map(written => read(path, written)), ['./a', undefined, undefined])
})

test('a URL is that of a server, without a slash at its end', () => {
  assert.equal(read(url, 'https://s3.example.net/'), 'https://s3.example.net')
  for (const refused of ['s3.example.net', 'ftp://a', 'https://user@a', 'https://:p@a', 'https://a?b', 'https://a#b']) {
    assert.equal(read(url, refused), undefined, refused)
  }
})

test('a secret has a least length, and a key says how to come by one', () => {
  assert.deepEqual(['ab', 'abc'].map(written => read(secret(3), written)), [undefined, 'abc'])
  assert.equal(secret(1).how, undefined)
  assert.match(key(3).how ?? '', /openssl/)
})

test('a secret and a document can be given as a file, a value and a path cannot', () => {
  assert.deepEqual([secret(1), key(1), document, documentOrList, text, flag, path].map(hasFile), [
    true,
    true,
    true,
    true,
    false,
    false,
    false
  ])
})

test('a list of lines is a document', () => {
  assert.equal(documentOrList.schema.parse(['a', 'b']), 'a\nb')
})

test('what is optional may be missing, and keeps its check', () => {
  assert.equal(optional(flag).schema.parse(undefined), undefined)
  assert.equal(optional(flag).schema.safeParse('yes').success, false)
})

test('a concealed secret has its least length, and shows itself to nothing that prints', () => {
  const { schema } = concealed(3)
  assert.equal(schema.safeParse('ab').success, false)
  const value = schema.parse('hush')
  assert.equal(value.reveal(), 'hush')
  assert.doesNotMatch(`${String(value)} ${JSON.stringify(value)} ${inspect(value)}`, /hush/)
})
