import { expect, test } from 'vitest'
import { checkGroup, checkTopic } from '../../src/proxy/names.ts'
import { Code } from '../../src/rpc/apache-enums.ts'

test.each(['a', 'orders-2_%|x', 'x'.repeat(127), `%RETRY%${'x'.repeat(248)}`, `%DLQ%${'x'.repeat(250)}`])(
  'a topic may be named %s',
  (name) => {
    expect(checkTopic(name)).toBe(name)
  },
)

test.each([
  undefined,
  '',
  '  ',
  'a b',
  'a.b',
  'thema-ü',
  'x'.repeat(128),
  `%RETRY%${'x'.repeat(249)}`,
  'TBW102',
  'SCHEDULE_TOPIC_XXXX',
  'CHECKPOINT_TOPIC',
  'rmq_sys_anything',
])('a topic may not be named %s', (name) => {
  expect(() => checkTopic(name)).toThrow(expect.objectContaining({ code: Code.ILLEGAL_TOPIC }))
})

test.each(['g', 'x'.repeat(120), 'CID_mine'])('a group may be named %s', (name) => {
  expect(checkGroup(name)).toBe(name)
})

test.each([undefined, '', '\t', 'a/b', 'x'.repeat(121), 'CID_RMQ_SYS_TRANS'])(
  'a group may not be named %s',
  (name) => {
    expect(() => checkGroup(name)).toThrow(expect.objectContaining({ code: Code.ILLEGAL_CONSUMER_GROUP }))
  },
)
