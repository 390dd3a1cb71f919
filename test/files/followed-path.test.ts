import assert from 'node:assert/strict'
import { chownSync, lchownSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { BackupError } from '../../src/core/errors.ts'
import { followedPath } from '../../src/files/followed-path.ts'
import { needRoot } from '../support/skip-without.ts'
import { tempDir } from '../support/temp-dir.ts'

const NOBODY = 65534

/** A folder of an application whose user is `NOBODY`, and a file of root's. `link` makes a link of that user. */
function house (t: TestContext) {
  const home = realpathSync(tempDir(t))
  const at = (path: string): string => join(home, path)
  for (const folder of ['app', 'app/v1', 'root', 'root/his']) mkdirSync(at(folder))
  for (const file of ['app/v1/app.db', 'root/secret', 'root/his/secret', 'app/secret']) writeFileSync(at(file), '')
  return {
    at,
    own: (...paths: string[]) => {
      for (const path of paths) chownSync(at(path), NOBODY, NOBODY)
    },
    link: (target: string, path: string, uid = NOBODY) => {
      symlinkSync(target, at(path))
      if (process.getuid?.() === 0) lchownSync(at(path), uid, uid)
    }
  }
}

function refusal (path: string): BackupError {
  try {
    return assert.fail(`leads to "${followedPath(path)}"`)
  } catch (error) {
    if (error instanceof BackupError) return error
    throw error
  }
}

test('links of this user are followed one after the other, through folders, upwards, and to what is not there yet', t => {
  const { at } = house(t)
  symlinkSync('v1', at('app/current'))
  symlinkSync('./app/current/../v1//app.db', at('one.db'))
  symlinkSync(at('one.db'), at('two.db'))
  symlinkSync('app/current/none/../new.db', at('new.db'))
  symlinkSync('../his', at('root/his/self'))
  for (
    const [given, wanted] of [
      ['two.db', 'app/v1/app.db'],
      ['app/current/app.db', 'app/v1/app.db'],
      ['new.db', 'app/v1/new.db'],
      ['none/deep', 'none/deep'],
      ['root/secret/x', 'root/secret/x'],
      ['root/his/self/../secret', 'root/secret']
    ] as const
  ) {
    assert.equal(followedPath(`${at('.')}/${given}`), at(wanted), given)
  }
  assert.equal(followedPath('/'), '/')
})

test('links in a circle are refused, and are no endless search', t => {
  const { at } = house(t)
  symlinkSync('b', at('a'))
  symlinkSync('a', at('b'))
  assert.match(refusal(at('a')).message, /more than 40/)
})

test('a link of another user is followed to what belongs to that user or where it belongs to root', t => {
  if (!needRoot(t)) return
  const { at, own, link } = house(t)
  own('app', 'app/v1', 'app/v1/app.db')
  link('v1', 'app/current')
  link('current/app.db', 'app/app.db')
  link('v1/new.db', 'app/new.db')
  link('../root/secret', 'app/given.db', 0)
  for (
    const [given, wanted] of [['app/app.db', 'app/v1/app.db'], ['app/new.db', 'app/v1/new.db'], [
      'app/given.db',
      'root/secret'
    ]] as const
  ) assert.equal(followedPath(at(given)), at(wanted), given)
})

test('a link of another user is not followed to what is not theirs, in whatever way it leads there', t => {
  if (!needRoot(t)) return
  const { at, own, link } = house(t)
  own('app', 'app/v1', 'app/v1/app.db', 'app/secret', 'root/his')
  link('../root/secret', 'app/file.db')
  link('../root/new', 'app/dangling.db')
  link('../root/none/new', 'app/deep.db')
  link('../root', 'app/folder')
  link('v1/on.db', 'app/chain.db')
  link('../../root/secret', 'app/v1/on.db')
  // What it leads to by its text is "app/secret"; the system goes up from where the first link has led.
  link('../root/his', 'app/his')
  link('his/../secret', 'app/up.db')
  for (const given of ['file.db', 'dangling.db', 'deep.db', 'folder/secret', 'folder/new', 'chain.db', 'up.db']) {
    const { code, message, hint } = refusal(at(`app/${given}`))
    assert.deepEqual([code, /belongs to user 65534 .* belongs to user 0/.test(message), hint?.includes('chown -h')], [
      'SOURCE_LINK_REFUSED',
      true,
      true
    ], `${given}: ${message}`)
  }
  assert.throws(() => followedPath(at('app/file.db'), 'RESTORE_TARGET_INVALID'), { code: 'RESTORE_TARGET_INVALID' })
})

test('a link to a file is followed where its owner has the folder that the file lies in; one to a folder in there is not', t => {
  if (!needRoot(t)) return
  const { at, own, link } = house(t)
  own('app', 'app/v1')
  mkdirSync(at('app/v1/his'))
  mkdirSync(at('app/v1/his/deep'))
  for (const file of ['app/v1/his/secret', 'app/v1/his/deep/secret']) writeFileSync(at(file), '')
  link('v1/app.db', 'app/app.db')
  assert.equal(followedPath(at('app/app.db')), at('app/v1/app.db'))
  link('v1/his', 'app/his')
  link('v1/his/secret', 'app/file.db')
  link('v1/his/deep/secret', 'app/deep.db')
  link('v1/app.db', 'app/third.db', NOBODY - 1)
  for (const given of ['his/secret', 'file.db', 'deep.db', 'third.db']) {
    assert.equal(refusal(at(`app/${given}`)).code, 'SOURCE_LINK_REFUSED', given)
  }
})
