/** Messages that are held for long: renewed while their client lives, through the death of the leader. */
import { expect, test } from 'vitest'
import { Code } from '../../src/rpc/apache-enums.ts'
import { Group, type Member, sleep } from './group.ts'
import { RawClient } from './raw-client.ts'

const TOPIC = 'long'
const GROUP = 'workers'
const HANDLER_MS = 90_000
const WATCHED_MS = 95_000
const KILL_AFTER_MS = 30_000
const SIGN_EVERY_MS = 10_000
/** A client counts as alive for 60 s after its last sign, and a claim is renewed for 60 s. */
const SILENT_MS_MAX = 120_000
/** A renewal comes 20 s before the end of a claim, so what was just received stays hidden for 40 s at least. */
const SILENT_MS_MIN = 40_000
const LATE_MS = 2_000

/** A group with one message, who will hold it, and who watches. `atEnd` takes what closes them. */
async function scene(
  atEnd: (close: () => Promise<void>) => void,
): Promise<{ group: Group; leader: Member; holder: RawClient; watcher: RawClient }> {
  const group = await Group.start()
  atEnd(() => group.close())
  const leader = await group.healthy()
  await leader.admin.createTopic(TOPIC)
  const [one, two] = group.others(leader) as [Member, Member]
  const holder = new RawClient(one.endpoint)
  const watcher = new RawClient(two.endpoint)
  atEnd(async () => {
    holder.close()
    watcher.close()
  })
  expect((await holder.send(TOPIC, [{ body: 'work' }])).status?.code).toBe(Code.OK)
  return { group, leader, holder, watcher }
}

test.concurrent('a handler of 90 s keeps its message while it gives signs of life, though the leader dies meanwhile', async ({
  onTestFinished,
}) => {
  const { group, leader, holder, watcher } = await scene(onTestFinished)
  const { messages } = await holder.receive(TOPIC, GROUP, { autoRenew: true })
  expect(messages).toHaveLength(1)
  const start = performance.now()
  const passed = (): number => performance.now() - start
  const again: number[] = []
  const watching = (async () => {
    while (passed() < WATCHED_MS) {
      const got = await watcher.receive(TOPIC, GROUP).catch(() => undefined)
      if (got !== undefined && got.messages.length > 0) again.push(Math.round(passed()))
    }
  })()
  let killed = false
  while (passed() < HANDLER_MS) {
    await sleep(Math.min(SIGN_EVERY_MS, HANDLER_MS - passed()))
    if (!killed && passed() >= KILL_AFTER_MS) {
      killed = true
      await leader.signal('SIGKILL')
      leader.start()
    }
    expect(await holder.heartbeat(GROUP)).toBe(Code.OK)
  }
  const acked = await holder.ack(TOPIC, GROUP, messages)
  expect(acked.entries.map((entry) => entry.status?.code)).toEqual([Code.OK])
  await watching
  expect(again).toEqual([])
  await group.healthy()
  await group.sameDigest()
}, 150_000)

test.concurrent('a message whose client falls silent comes again within 120 s', async ({
  onTestFinished,
}) => {
  const { group, holder, watcher } = await scene(onTestFinished)
  expect((await holder.receive(TOPIC, GROUP, { autoRenew: true })).messages).toHaveLength(1)
  const start = performance.now()
  let came = 0
  while (came === 0 && performance.now() - start < SILENT_MS_MAX + LATE_MS) {
    const { messages } = await watcher.receive(TOPIC, GROUP)
    if (messages.length === 0) continue
    came = performance.now() - start
    expect(messages[0]?.systemProperties?.deliveryAttempt).toBe(2)
    await watcher.ack(TOPIC, GROUP, messages)
  }
  expect(came).toBeGreaterThan(SILENT_MS_MIN)
  expect(came).toBeLessThan(SILENT_MS_MAX + LATE_MS)
  await group.sameDigest()
}, 180_000)
