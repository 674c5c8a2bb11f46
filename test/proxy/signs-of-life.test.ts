import { expect, test } from 'vitest'
import type { Caller } from '../../src/proxy/caller.ts'
import { SignsOfLife } from '../../src/proxy/signs-of-life.ts'
import { ManualClock } from '../support/manual-clock.ts'

function caller(clientId: string): Caller {
  return { clientId, language: '', clientVersion: '', userAgent: '' }
}

test('the leader is told of each client once in a while', () => {
  const clock = new ManualClock()
  const told: string[] = []
  const life = new SignsOfLife(clock, ({ clientId }) => told.push(clientId))
  for (const id of ['a', 'b', 'a']) life.seen(caller(id))
  expect(told).toEqual(['a', 'b'])
  clock.advance(14_999)
  life.seen(caller('a'))
  clock.advance(1)
  life.seen(caller('a'))
  expect(told).toEqual(['a', 'b', 'a'])
})

test('more clients than it can remember are told of more often, not forgotten', () => {
  const told: string[] = []
  const life = new SignsOfLife(new ManualClock(), ({ clientId }) => told.push(clientId))
  for (let i = 0; i < 50_001; i += 1) life.seen(caller(`c${i}`))
  life.seen(caller('c0'))
  expect(told.length).toBe(50_002)
})
