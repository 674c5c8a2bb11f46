/** Delayed messages and recall with the official Node client, through the death of the leader at the due time. */
import type { Producer } from 'rocketmq-client-nodejs'
import { expect, test } from 'vitest'
import { DrainingConsumer, startProducer, until } from '../../jepsen-like/workloads/official-client.ts'
import { Group, type Member, sleep } from './group.ts'

const TOPIC = 'later'
const DELAY = 3
const HOUR_MS = 3_600_000
/** What the test machine may add beside 100 ms of lateness, and an election. */
const LATE_MS_MAX = 1_000
const LATE_AFTER_DEATH_MS_MAX = 5_000

async function sendLater(producer: Producer, body: string, dueMs: number): Promise<string> {
  const deliveryTimestamp = new Date(dueMs)
  const receipt = await producer.send({ topic: TOPIC, body: Buffer.from(body), deliveryTimestamp })
  return receipt.recallHandle ?? ''
}

test('delayed messages come when they are due, once, though the leader is killed at that time; recalled ones never', async ({
  onTestFinished,
}) => {
  const group = await Group.start()
  onTestFinished(() => group.close())
  const leader = await group.healthy()
  const [one, two] = group.others(leader) as [Member, Member]
  await leader.admin.call('CreateTopic', { name: TOPIC, messageType: DELAY })
  const producer = await startProducer(one.endpoint, TOPIC)
  onTestFinished(() => producer.shutdown())
  const consumer = await DrainingConsumer.start(two.endpoint, TOPIC, 'drain')
  onTestFinished(() => consumer.stop())

  const start = Date.now()
  const due = new Map<string, number>()
  const send = async (body: string, dueMs: number): Promise<string> => {
    due.set(body, dueMs)
    return sendLater(producer, body, dueMs)
  }
  await send('past', start - 10_000)
  const deathMs = start + 9_000
  for (let i = 0; i < 5; i++) await send(`calm-${i}`, start + 4_000 + 300 * i)
  const handles: string[] = []
  for (let i = 0; i < 40; i++) handles.push(await send(`death-${i}`, deathMs - 200 + 10 * i))
  const gone = ['recalled-1', 'recalled-2']
  const recalled = [await send('recalled-1', deathMs), await send('recalled-2', start + HOUR_MS)]
  for (const handle of recalled) {
    const { messageId } = await producer.recallMessage(TOPIC, handle)
    expect(messageId).not.toBe('')
    expect(await producer.recallMessage(TOPIC, handle)).toEqual({ messageId })
  }
  await expect(sendLater(producer, 'too far', start + 25 * HOUR_MS)).rejects.toThrow('40012')

  await sleep(deathMs - Date.now())
  await leader.signal('SIGKILL')
  const expected = [...due.keys()].filter((body) => !gone.includes(body))
  await until('all came', 20_000, () => consumer.bodies().size === expected.length)
  await sleep(1_000)
  expect(consumer.delivered.map(({ body }) => body).toSorted()).toEqual(expected.toSorted())
  for (const { body, at } of consumer.delivered) {
    const late = at - (due.get(body) ?? 0)
    expect(late).toBeGreaterThanOrEqual(body === 'past' ? 0 : -2)
    if (body !== 'past')
      expect(late).toBeLessThan(body.startsWith('calm') ? LATE_MS_MAX : LATE_AFTER_DEATH_MS_MAX)
  }
  await expect(producer.recallMessage(TOPIC, handles[0] ?? '')).rejects.toThrow('due')
  leader.start()
  await group.healthy()
}, 90_000)
