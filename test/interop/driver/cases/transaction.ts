/** Messages that come with the sender's transaction or not at all. */
import { type Case, must, mustBeOnce, pause, until } from '../case.ts'
import { numbered } from './basic.ts'

/** How long to look for messages that must not come. */
const QUIET_MS = 2_000
const CHECK_MS_MAX = 120_000

export const TRANSACTION: Case = {
  name: 'transaction',
  about: 'committed ones come, rolled back ones never; for those left open the producer is asked and obeyed',
  needs: [],
  async run(setting) {
    const [topic, group] = [await setting.topic('transaction'), await setting.group()]
    const producer = await setting.producer(topic, 'commit')
    const checks: string[] = []
    setting.agent.on(producer, (message) => checks.push(message.body))
    const came = await setting.consume(topic, group)
    const [committed, rolledBack, open] = [numbered('yes', 5), numbered('no', 5), ['open']]
    for (const [end, bodies] of [
      ['commit', committed],
      ['rollback', rolledBack],
      ['none', open],
    ] as const) {
      for (const body of bodies) await setting.agent.ask('transaction', { producer, topic, body, end })
    }
    await until(CHECK_MS_MAX, () => came.length >= committed.length + open.length)
    await pause(QUIET_MS)
    mustBeOnce(came, [...committed, ...open], 'committed')
    must(checks.length > 0 && checks.every((body) => body === 'open'), `asked about ${checks.join(', ')}`)
  },
}
