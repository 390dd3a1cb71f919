import assert from 'node:assert/strict'
import { test } from 'node:test'
import { derivationTurn } from '../../src/pipeline/derivation.ts'
import { openpgpCipher, openpgpOpener } from '../../src/pipeline/openpgp.ts'
import { PASSPHRASE } from '../support/pipeline/keys.ts'
import { through } from '../support/streams.ts'

const OPENPGP = openpgpOpener({ privateKeys: [], passphrase: PASSPHRASE, isSureToFit: false })

test('keys are derived one after the other, and one that is given up gives its turn back', async () => {
  const over = await derivationTurn()
  const sealed = await through(openpgpCipher({ passphrase: PASSPHRASE }).seal().encode(), [Buffer.from('the ledger')])
  const order: string[] = []
  const waiting = OPENPGP.decode()
  const leaving = OPENPGP.decode()
  const opened = through(waiting, [sealed]).then(plain => {
    order.push(plain.toString())
  })
  const left = through(leaving, [sealed]).catch(() => {
    order.push('left')
  })
  leaving.destroy(new Error('left'))
  await left
  order.push('over')
  over()
  await opened
  assert.deepEqual(order, ['left', 'over', 'the ledger'])
  ;(await derivationTurn())()
})
