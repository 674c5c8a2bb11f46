import { expect, test } from 'vitest'
import { keyBeside, PROCESS_BYTES, ProcessLiveness } from '../../src/broker/process-liveness.ts'
import { RequestKeys } from '../../src/proxy/request-keys.ts'

const ALIVE_MS = 35_000

test('all request keys of a process tell of it, those of others do not', () => {
  const [own, other] = [new RequestKeys(), new RequestKeys()]
  const liveness = new ProcessLiveness()
  liveness.seen(own.next(), 1000)
  expect(liveness.isAlive(own.next(), 1000 + ALIVE_MS - 1)).toBe(true)
  expect(liveness.isAlive(own.next(), 1000 + ALIVE_MS)).toBe(false)
  expect(liveness.isAlive(other.next(), 1000)).toBe(false)
})

test('a new leader counts processes that it has not heard of as alive for a while', () => {
  const keys = new RequestKeys()
  const liveness = new ProcessLiveness()
  liveness.seen(keys.next(), 0)
  liveness.start(50_000)
  expect(liveness.isAlive(keys.next(), 50_000 + ALIVE_MS - 1)).toBe(true)
  expect(liveness.isAlive(keys.next(), 50_000 + ALIVE_MS)).toBe(false)
})

test('silent processes are forgotten before the table grows without end', () => {
  const liveness = new ProcessLiveness()
  const first = new RequestKeys()
  for (let i = 0; i < 1_000; i++) liveness.seen(new RequestKeys().next(), 0)
  liveness.seen(first.next(), ALIVE_MS)
  expect(liveness.isAlive(first.next(), ALIVE_MS)).toBe(true)
})

test('a key beside another is of its process, and equals none that is counted or drawn', () => {
  const keys = new RequestKeys()
  const key = keys.next()
  const beside = [keyBeside(key), keyBeside(key)]
  const texts = [key, keys.next(), ...beside].map((one) => Buffer.from(one).toString('hex'))
  expect(new Set(texts).size).toBe(4)
  for (const one of beside) {
    expect(one.subarray(0, PROCESS_BYTES)).toEqual(Buffer.from(key).subarray(0, PROCESS_BYTES))
    expect((one[PROCESS_BYTES] ?? 0) & 0x80).toBe(0x80)
  }
})
