/** Messages with a priority. */
import { type Case, must, mustBeOnce } from '../case.ts'

const MS_MAX = 30_000
// Not 0, which one of the libraries takes for none.
const PRIORITIES = [1, 2, 3]

export const PRIORITY: Case = {
  name: 'priority',
  about: 'of what waits, messages of a higher priority come first',
  needs: ['priority'],
  async run(setting) {
    const [topic, group] = [await setting.topic('priority'), await setting.group()]
    const producer = await setting.producer(topic)
    const bodies = PRIORITIES.flatMap((priority) => [0, 1, 2].map((n) => `${priority}-${n}`))
    for (const body of bodies) {
      await setting.agent.send(producer, topic, body, { priority: Number(body[0]) })
    }
    const consumer = await setting.simple(topic, group)
    const came = await setting.take(consumer, bodies.length, MS_MAX)
    mustBeOnce(came, bodies, 'received')
    const order = came.map(({ body }) => Number(body[0]))
    must(
      order.every((priority, n) => n === 0 || priority <= (order[n - 1] ?? 0)),
      `they came as ${order.join(' ')}`,
    )
  },
}
