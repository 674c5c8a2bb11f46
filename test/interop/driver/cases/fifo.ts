/** Messages in order. */
import type { Received } from '../agent.ts'
import { type Case, must, until } from '../case.ts'
import { numbered } from './basic.ts'

const MS_MAX = 60_000

export const FIFO: Case = {
  name: 'fifo',
  about: 'messages of a group come in order, also around one that is refused twice; other groups do not wait',
  needs: [],
  async run(setting) {
    const [topic, group] = [await setting.topic('fifo'), await setting.group({ fifo: true })]
    const producer = await setting.producer(topic)
    const came = await setting.consume(topic, group)
    const groups = numbered('group', 5)
    const each = 12
    const sending = groups.map(async (messageGroup) => {
      for (let n = 0; n < each; n++) {
        const refused =
          messageGroup === groups[0] && n === 3 && setting.has('push') && setting.has('fifo-retry')
        const more = refused ? { properties: { fail: '2' } } : {}
        await setting.agent.send(producer, topic, `${messageGroup}:${n}`, { group: messageGroup, ...more })
      }
    })
    await Promise.all(sending)
    await until(MS_MAX, () => groups.every((name) => doneOf(came, name) === each - 1))
    for (const name of groups) {
      const order = orderOf(came, name).map(({ body }) => body.split(':')[1])
      must(doneOf(came, name) === each - 1, `${name} did not end, or not in order: ${order.join(' ')}`)
    }
    setting.note(`${came.length} deliveries of ${groups.length * each} messages`)
  },
}

function orderOf(came: readonly Received[], group: string): readonly Received[] {
  return came.filter((message) => message.body.startsWith(`${group}:`))
}

/**
 * The last message up to which all were taken in order; -2 once one came before its turn. A library may try again by
 * itself without a new attempt, so deliveries are counted.
 */
export function doneOf(came: readonly Received[], group: string): number {
  const times = new Map<number, number>()
  let done = -1
  for (const { body, properties } of orderOf(came, group)) {
    const n = Number(body.split(':')[1])
    if (n > done + 1) return -2
    times.set(n, (times.get(n) ?? 0) + 1)
    if ((times.get(n) ?? 0) > Number(properties['fail'] ?? 0)) done = Math.max(done, n)
  }
  return done
}
