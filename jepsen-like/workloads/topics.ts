/** Topics created under fire, each used at once, and all looked for on every member at the end. */
import { adminOf } from '../../bench/admin.ts'
import { sleep } from '../../bench/children.ts'
import { BrokerError } from '../../src/base/errors.ts'
import { MessagingClient } from '../../src/client/messaging.ts'
import { checkTopics } from '../checkers/topics.ts'
import type { Judgement } from '../verdict.ts'
import type { RunningWorkload, Workload, WorkloadSetting } from './workload.ts'

const PAUSE_MS = 700
const CALL_MS = 5_000
const CREATED_MIN = 5
const FIND_TRIES = 5
const PROCESS = 3_000_000

export const TOPICS: Workload = {
  name: 'topics',
  about: 'topics are created under fire, used at once, and looked for on every member',
  start: (setting) => Promise.resolve(new TopicsRun(setting)),
}

class TopicsRun implements RunningWorkload {
  readonly #setting: WorkloadSetting
  readonly #client: MessagingClient
  readonly #names: string[] = []
  readonly #creating: Promise<void>
  #running = true

  constructor(setting: WorkloadSetting) {
    this.#setting = setting
    this.#client = new MessagingClient(setting.addresses, undefined, CALL_MS)
    this.#creating = this.#create()
  }

  async stopSending(): Promise<void> {
    this.#running = false
    await this.#creating
  }

  async drain(): Promise<void> {
    const { addresses, history } = this.#setting
    for (const [n, address] of addresses.entries()) {
      for (const key of this.#names) {
        const ref = history.invoke(PROCESS, { f: 'find', key, member: n + 1 })
        const found = await this.#find(address, key)
        if (found === undefined) history.info(PROCESS, ref, 'the member did not answer')
        else if (found) history.ok(PROCESS, ref)
        else history.fail(PROCESS, ref, 'not found')
      }
    }
  }

  async judge(): Promise<Judgement> {
    await this.#client.close()
    return checkTopics(this.#setting.history.events, CREATED_MIN)
  }

  async #create(): Promise<void> {
    const { addresses, history } = this.#setting
    let count = 0
    while (this.#running) {
      const key = `jepsen-t${count}`
      const address = addresses[count++ % addresses.length] ?? ''
      const ref = history.invoke(PROCESS, { f: 'create', key })
      try {
        await adminOf(address).createTopic(key)
        history.ok(PROCESS, ref)
        this.#names.push(key)
        await this.#use(key)
      } catch (error) {
        history.info(PROCESS, ref, String(error))
      }
      await sleep(PAUSE_MS)
    }
  }

  /** A send right after. Only "no such topic" is a fault; that a send cannot be done now is not. */
  async #use(key: string): Promise<void> {
    const { history } = this.#setting
    const ref = history.invoke(PROCESS, { f: 'use', key })
    try {
      await this.#client.send(key, [{ body: Buffer.from(key) }])
      history.ok(PROCESS, ref)
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error
      const end = error.code === 'TOPIC_NOT_FOUND' ? 'fail' : 'info'
      history[end](PROCESS, ref, error.message)
    }
  }

  async #find(address: string, key: string): Promise<boolean | undefined> {
    for (let tried = 0; tried < FIND_TRIES; tried++) {
      try {
        return await adminOf(address).hasTopic(key)
      } catch {
        await sleep(PAUSE_MS)
      }
    }
    return undefined
  }
}
