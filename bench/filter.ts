/**
 * What a filter costs for one message, in microseconds of processor time: reading the properties that the
 * expression names out of the stored bytes and evaluating it. Beside it what reading an expression costs, once.
 */
import { cutSendRequest } from '../src/proxy/cut-message.ts'
import { compileSql } from '../src/broker/sql/evaluate.ts'
import { parseSql } from '../src/broker/sql/parse.ts'
import { SqlFilter } from '../src/broker/sql/sql-filter.ts'
import { TagFilter } from '../src/broker/tag-filter.ts'
import type { MessageFilter } from '../src/broker/message-filter.ts'
import type { SendMessageRequest } from '../src/rpc/apache-service.ts'
import { codecOf } from '../src/rpc/protos.ts'

const ROUNDS = 300_000
const requests = codecOf<SendMessageRequest>('apache.rocketmq.v2.SendMessageRequest')

/** A stored message with so many user properties beside the three that the filters ask for. */
function storedWith(others: number): Uint8Array {
  const more = Object.fromEntries(Array.from({ length: others }, (_, i) => [`property-${i}`, `value-${i}`]))
  const request = requests.encode({
    messages: [
      {
        topic: { resourceNamespace: '', name: 'orders' },
        userProperties: { ...more, amount: '120', region: 'eu', kind: 'express' },
        systemProperties: {
          tag: 'created',
          keys: ['order-4711'],
          messageId: '01A0B1C2D3E4F52F1A0C5B3D4E00000001',
          messageType: 1,
          bornTimestamp: { seconds: 1_790_000_000, nanos: 0 },
        },
        body: Buffer.alloc(1024, 0x61),
      },
    ],
  })
  return Buffer.concat(cutSendRequest(request, 'client', 1_790_000_000_000).chunks)
}

function microseconds(rounds: number, run: () => void): string {
  for (let i = 0; i < rounds / 10; i += 1) run()
  const start = process.cpuUsage()
  for (let i = 0; i < rounds; i += 1) run()
  const { user, system } = process.cpuUsage(start)
  return ((user + system) / rounds).toFixed(2)
}

const FILTERS: readonly (readonly [name: string, filter: MessageFilter])[] = [
  ['tag', new TagFilter(['created', 'paid'])],
  ["region = 'eu'", new SqlFilter("region = 'eu'")],
  ['amount > 100', new SqlFilter('amount > 100')],
  [
    'three properties and the tag',
    new SqlFilter(
      "amount BETWEEN 100 AND 200 AND region IN ('eu', 'us') AND kind STARTSWITH 'ex' AND TAGS <> 'test'",
    ),
  ],
]
for (const others of [0, 5, 50]) {
  const stored = storedWith(others)
  for (const [name, filter] of FILTERS) {
    const cost = microseconds(ROUNDS, () => filter.matches(stored))
    console.log(
      `${String(others + 3).padStart(3)} properties  ${name.padEnd(30)}${cost.padStart(8)} us a message`,
    )
  }
}
const long = Array.from({ length: 100 }, (_, i) => `p${i} = ${i}`).join(' OR ')
for (const [name, sql] of [
  ['a short expression', "amount > 100 AND region = 'eu'"],
  ['100 conditions', long],
] as const) {
  const cost = microseconds(2_000, () => compileSql(parseSql(sql)))
  console.log(`reading ${name.padEnd(36)}${cost.padStart(8)} us`)
}
