/**
 * Requests that no client would send, to the facade on a real broker. Whatever comes: an answer or a gRPC error,
 * no crash, nothing left behind, and no change of the state by what was refused.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Code } from '../../src/rpc/apache-enums.ts'
import { callsOf, codecOf } from '../../src/rpc/protos.ts'
import { GrpcFailure } from '../../src/rpc/service.ts'
import { groupWish, SimBroker } from '../support/sim-broker.ts'
import { SimFacade } from '../support/sim-facade.ts'
import { fuzzedCalls } from './requests.ts'

const REQUESTS = 100_000
const AT_ONCE = 20
const SEED = Number(process.env['FUZZ_SEED'] ?? 1)
const SERVICE = '/apache.rocketmq.v2.MessagingService'
/** No entry to acknowledge, and a handle of a recall that cannot be read: RocketMQ answers INTERNAL_SERVER_ERROR. */
const AS_THE_REFERENCE = ['AckMessage 50001', 'RecallMessage 50001']
const CALLS = new Map(
  Object.values(callsOf('apache.rocketmq.v2.MessagingService')).map((call) => [call.path, call]),
)

/**
 * What a refused request must not change. Meanwhile messages come due and become dead letters: what waits, what is in
 * flight and what stands in queues is counted together, and topics of dead letters are not counted.
 */
function stateOf({ broker: { machine } }: SimBroker): string {
  const groups = [...machine.groups()]
  const topics = [...machine.topics()]
  let messages = machine.timers?.count ?? 0
  for (const topic of topics) {
    for (const queue of topic.queues) {
      messages += machine.queue(queue)?.nextOffset ?? 0
      for (const group of groups) messages += machine.consumer(group.id, queue)?.inFlight ?? 0
    }
  }
  const named = topics.filter(({ name }) => !name.startsWith('%DLQ%')).length
  return JSON.stringify({ topics: named, groups: groups.length, messages })
}

interface Answer {
  readonly status?: { readonly code: number } | null
}

/** The code of an answer; `undefined` for a gRPC error. */
async function codeOf(path: string, answer: Promise<readonly Uint8Array[]>): Promise<number | undefined> {
  try {
    const items = await answer
    const statuses = items.map(
      (item) => (CALLS.get(path)?.response.decode(item) as Answer | undefined)?.status,
    )
    return statuses.find((status) => status !== null && status !== undefined)?.code
  } catch (error) {
    if (error instanceof GrpcFailure) return undefined
    throw error
  }
}

/** Nothing was done: the request was wrong, or asked for what is not there. What timed out may have been done. */
function isRefusal(code: number | undefined): boolean {
  const mayBeDone = code === Code.MESSAGE_NOT_FOUND || code === Code.PROXY_TIMEOUT
  return code === undefined || (code >= Code.BAD_REQUEST && !mayBeDone)
}

async function world(): Promise<{ sim: SimBroker; facade: SimFacade; words: string[] }> {
  const sim = await SimBroker.start()
  for (const [name, type] of [
    ['t', 1],
    ['delays', 3],
    ['priorities', 6],
  ] as const) {
    await sim.finish(sim.admin.createTopic(name, type, 4))
  }
  await sim.finish(sim.admin.createGroup(groupWish('g', 'earliest', 0, 3)))
  await sim.send('t', ['a', 'b', 'c', 'd'])
  const facade = new SimFacade(sim)
  const encode = codecOf('apache.rocketmq.v2.ReceiveMessageRequest').encode
  const receive = encode({
    group: { name: 'g' },
    messageQueue: { topic: { name: 't' }, id: -1 },
    filterExpression: { type: 1, expression: '*' },
    batchSize: 4,
    invisibleDuration: { seconds: 60, nanos: 0 },
  } as object)
  const items = await sim.finish(facade.call(`${SERVICE}/ReceiveMessage`, receive))
  const response = codecOf<{ message?: { systemProperties: { receiptHandle: string } } }>(
    'apache.rocketmq.v2.ReceiveMessageResponse',
  )
  const handles = items.map((item) => response.decode(item).message?.systemProperties.receiptHandle)
  const known = handles.filter((handle) => handle !== undefined)
  expect(known.length).toBe(4)
  return { sim, facade, words: ['t', 't', 'delays', 'priorities', 'g', 'g', '*', 'a || b', 'id', ...known] }
}

test(`${REQUESTS} requests made up get an answer each, and refused ones change nothing`, {
  timeout: 600_000,
}, async () => {
  const { sim, facade, words } = await world()
  const calls = fuzzedCalls('MessagingService', words).filter(({ path }) => !path.endsWith('/Telemetry'))
  const one = fc.oneof(...calls.map(({ path, requests }) => requests.map((request) => ({ path, request }))))
  const codes = new Map<string, number>()
  let refused = 0
  let rounds = 0
  const round = fc.asyncProperty(
    fc.array(one, { minLength: AT_ONCE, maxLength: AT_ONCE }),
    async (requests) => {
      // One at a time now and then, when nothing else is under way: what was refused then must have changed nothing.
      const alone = rounds++ % 4 === 0
      if (alone) await sim.run(1_000, 50)
      const size = alone ? 1 : AT_ONCE
      for (let at = 0; at < requests.length; at += size) {
        // A claim may follow the answer of a receive whose time was over, and is given back.
        if (alone) await sim.run(100, 50)
        const before = stateOf(sim)
        const some = requests.slice(at, at + size)
        const answers = some.map(({ path, request }) =>
          codeOf(path, facade.call(path, request, 'client', 2_000)),
        )
        const got = await sim.finish(Promise.all(answers), 50)
        for (const [i, code] of got.entries()) {
          const key = `${some[i]?.path.split('/').at(-1)} ${code}`
          codes.set(key, (codes.get(key) ?? 0) + 1)
        }
        if (!alone || !got.every(isRefusal)) continue
        refused += got.length
        expect(stateOf(sim), some.map(({ path }, i) => `${path} ${got[i]}`).join(', ')).toBe(before)
      }
    },
  )
  await fc.assert(round, { numRuns: REQUESTS / AT_ONCE, seed: SEED, endOnFailure: true })
  expect(refused).toBeGreaterThan(REQUESTS / 10)
  const failures = [...codes.keys()].filter((key) => /(undefined|50001)$/.test(key)).sort()
  expect(failures).toEqual(AS_THE_REFERENCE)
  await sim.run(40_000, 1_000)
  expect(facade.proxy.load).toMatchObject({ calls: 0, receives: 0 })
  expect(sim.broker.machine.faults()).toEqual([])
  await facade.proxy.close()
})
