import { expect, test } from 'vitest'
import type { Millis } from '../../../src/base/brand.ts'
import { Writer } from '../../../src/base/bytes.ts'
import { type GroupPolicy, plainPolicy } from '../../../src/broker/machine/group-policy.ts'
import { Group, Groups } from '../../../src/broker/machine/groups.ts'

test('a group is found by name and id until it is removed', () => {
  const groups = new Groups()
  const group = new Group(3, 'g', { from: 'latest' }, plainPolicy(17), 5 as Millis)
  groups.add(group)
  expect(groups.named('g')).toBe(group)
  expect(groups.byId.get(3)).toBe(group)
  expect(groups.consumer(3, 1)).toBeUndefined()
  groups.remove(group)
  expect(groups.named('g')).toBeUndefined()
  expect(groups.consumer(3, 1)).toBeUndefined()
})

test('the row of a group has the size that was guessed', () => {
  const delaysMs = [1, 2, 3] as Millis[]
  const policy: GroupPolicy = { attemptsMax: 17, fifo: true, backoff: { kind: 'list', delaysMs } }
  const group = new Group(3, 'name', { from: 'time', time: 9 as Millis }, policy, 5 as Millis)
  group.topics = [1, 2]
  const writer = new Writer()
  group.writeKey(writer)
  group.writeValue(writer)
  expect(writer.length).toBeLessThanOrEqual(group.sizeHint())
})
