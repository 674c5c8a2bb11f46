import { describe, expect, test } from 'vitest'
import { answerText, clientText } from '../../src/cli/client-command.ts'
import { detailText, listText } from '../../src/cli/transaction-command.ts'

const OPEN = {
  transactionId: 'AQAAAAABAAAAAAAAA_iGeaQe',
  topic: 'payments',
  size: 300,
  openedMs: 1_000,
  checks: 2,
  parked: false,
  dueMs: 31_000,
}

describe('a list of transactions', () => {
  test('says when each is checked next, or for how long it is parked', () => {
    const parked = { ...OPEN, parked: true, checks: 15, dueMs: 2_000 }
    const text = listText({ transactions: [OPEN, parked], open: 2, parked: 1, more: false }, 11_000)
    expect(text).toContain('2 open transactions, 1 of them parked.')
    expect(text).toMatch(/payments +check in 20s +2 +10s/)
    expect(text).toMatch(/payments +parked for 9s +15 +10s/)
  })

  test('without any says so', () => {
    expect(listText({ transactions: [], open: 0, parked: 0, more: false }, 0)).toBe(
      '0 open transactions, 0 of them parked.',
    )
  })
})

test('one transaction is shown with its message, and a compressed body only by its size', () => {
  const detail = {
    transaction: OPEN,
    messageId: 'm1',
    tag: 'paid',
    keys: ['k1', 'k2'],
    properties: { region: 'north' },
    body: Buffer.from('the body'),
    bodyEncoding: 'IDENTITY',
  }
  expect(detailText(detail)).toContain(
    'Next check   1970-01-01T00:00:31.000Z\nTag          paid\nKeys         k1 k2',
  )
  expect(detailText(detail)).toMatch(/region = north\nBody {9}8 B\n\nthe body$/)
  expect(detailText({ ...detail, bodyEncoding: 'GZIP' })).toMatch(/compressed by its producer$/)
})

test('a client and its answer to a message are told in words', () => {
  const client = {
    clientId: 'c1',
    kind: 'push',
    language: 'JAVA',
    version: '5.2.1',
    address: '10.0.0.9:5000',
    hostname: 'shop',
    memberId: 2,
    group: 'billing',
    subscriptions: [{ topic: 'orders', expressionType: 1, expression: '' }],
    topics: [],
    connectedMs: 61_000,
    silentMs: 2_000,
  }
  expect(clientText(client)).toContain('Library      JAVA 5.2.1\nAddress      10.0.0.9:5000 (shop)')
  expect(clientText(client)).toContain('Subscribes   orders *')
  expect(answerText({ code: 20_000, message: '' })).toBe('The client consumed the message.')
  expect(answerText({ code: 60_000, message: 'later' })).toBe('The client answered 60000: later.')
})
