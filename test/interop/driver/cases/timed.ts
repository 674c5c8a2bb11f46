/** Messages with a delivery time. */
import { type Case, must, mustBeOnce, pause, until } from '../case.ts'
import { numbered } from './basic.ts'

const MS_MAX = 60_000
/** How long to look for messages that must not come. */
const QUIET_MS = 2_000
/** A shared machine may be late by this much; the broker's own tests measure the real bound. */
const LATE_MS_MAX = 2_000

export const DELAY: Case = {
  name: 'delay',
  about: 'messages with a delivery time come then, never before, each once',
  needs: [],
  async run(setting) {
    const [topic, group] = [await setting.topic('delay'), await setting.group()]
    const producer = await setting.producer(topic)
    const came = await setting.consume(topic, group)
    // Some libraries know whole seconds only.
    const first = Math.ceil(Date.now() / 1_000) * 1_000 + 3_000
    const due = new Map(numbered('m', 6).map((body, n) => [body, first + ((n * 7) % 6) * 1_000]))
    for (const [body, deliverAt] of due) await setting.agent.send(producer, topic, body, { deliverAt })
    await until(MS_MAX, () => came.length >= due.size)
    await pause(QUIET_MS)
    mustBeOnce(came, [...due.keys()], 'delayed')
    const late = came.map((message) => message.at - (due.get(message.body) ?? 0))
    must(Math.min(...late) >= 0, `one came ${-Math.min(...late)} ms before its time`)
    must(Math.max(...late) <= LATE_MS_MAX, `one came ${Math.max(...late)} ms late`)
    setting.note(`at most ${Math.max(...late)} ms late`)
  },
}

export const RECALL: Case = {
  name: 'recall',
  about: 'a message that was recalled before its time never comes, the others do',
  needs: ['recall'],
  async run(setting) {
    const [topic, group] = [await setting.topic('delay'), await setting.group()]
    const producer = await setting.producer(topic)
    const came = await setting.consume(topic, group)
    const deliverAt = Math.ceil(Date.now() / 1_000) * 1_000 + 5_000
    const sent = await setting.agent.send(producer, topic, 'recalled', { deliverAt })
    await setting.agent.send(producer, topic, 'kept', { deliverAt })
    must((sent.handle ?? '') !== '', 'the send gave no handle')
    await setting.agent.ask('recall', { producer, topic, handle: sent.handle })
    await until(MS_MAX, () => came.length >= 1)
    await pause(QUIET_MS)
    mustBeOnce(came, ['kept'], 'not recalled')
  },
}
