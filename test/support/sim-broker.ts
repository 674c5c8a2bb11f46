/** One broker, the only member of its group, on a simulated disk and a clock that the test moves. */
import type { GroupWish } from '../../src/broker/admin.ts'
import { policyWish } from '../../src/broker/group-wish.ts'
import { plainPolicy } from '../../src/broker/machine/group-policy.ts'
import { nodeId } from '../../src/base/brand.ts'
import { CONFIG_DEFAULTS, type RetentionConfig, type TransactionConfig } from '../../src/base/config.ts'
import { utf8 } from '../../src/base/bytes.ts'
import { crc32 } from '../../src/base/crc32.ts'
import { Admin } from '../../src/broker/admin.ts'
import { Broker } from '../../src/broker/broker.ts'
import type { PeerClocks } from '../../src/broker/clock-watch.ts'
import type { CheckRelay } from '../../src/broker/transaction-checker.ts'
import type { ReceivedMessage, ReceiveRequest, SendRequest } from '../../src/broker/leader-port.ts'
import {
  readStoredHeader,
  STORED_HEADER_BYTES,
  TYPED_HEADER_BYTES,
  writeStoredHeader,
} from '../../src/broker/machine/stored-message.ts'
import { MESSAGE_TYPE_NORMAL, MESSAGE_TYPE_TRANSACTION } from '../../src/broker/machine/topics.ts'
import { ALL_MESSAGES, tagHash } from '../../src/broker/tag-filter.ts'
import type { Prng } from '../../src/base/prng.ts'
import { LogStore } from '../../src/dledger/log-store.ts'
import { MetaStore } from '../../src/dledger/meta-store.ts'
import type { LedgerMachine } from '../../src/ledger/machine/index.ts'
import { loadMachine } from '../../src/member/load-machine.ts'
import { Raft } from '../../src/raft/index.ts'
import { ManualClock, QuietLogger, settle } from './manual-clock.ts'
import { SimDisk } from './sim-disk.ts'
import { SimKv } from './sim-kv.ts'

const NORMAL_ONLY: ReadonlySet<number> = new Set([1])
const HALVES_ONLY: ReadonlySet<number> = new Set([MESSAGE_TYPE_TRANSACTION])

const TICK_MS = 10
let keys = 0
/** Limits that fit segments of 128 KiB. */
export const SMALL_LOG = { recordBytesMax: 100_000, writeBytesMax: 200_000 }

const ALONE: PeerClocks = {
  peers: () => [],
  ask: () => Promise.reject(new Error('there is no other member')),
}

export interface SimBrokerOptions {
  readonly segmentBytes?: number
  readonly retention?: RetentionConfig
  /** Clocks of others, who are there for nothing else. */
  readonly peerClocks?: PeerClocks
  readonly transactions?: TransactionConfig
  readonly relay?: CheckRelay
  /** Goes on with what this one has on its disk and in its tables. */
  readonly after?: SimBroker
}

export class SimBroker {
  readonly clock = new ManualClock()
  readonly disk = new SimDisk()
  readonly kv = new SimKv()
  readonly broker: Broker
  readonly ledgers!: LedgerMachine
  readonly log!: LogStore
  /** Hears which ledgers changed. */
  onLedgers: (ids: ReadonlySet<number>) => void = () => undefined
  readonly admin: Admin

  private constructor(broker: (self: SimBroker) => Broker) {
    this.broker = broker(this)
    this.admin = new Admin(this.broker.machine, this.broker.ledger)
  }

  static async start({
    segmentBytes = 1 << 26,
    retention = CONFIG_DEFAULTS.retention,
    peerClocks = ALONE,
    transactions = CONFIG_DEFAULTS.transactions,
    relay = { check: () => Promise.resolve(false) },
    after,
  }: SimBrokerOptions = {}): Promise<SimBroker> {
    const clock = after?.clock ?? new ManualClock()
    const disk = after?.disk ?? new SimDisk()
    const kv = after?.kv ?? new SimKv()
    const create = after === undefined
    const logger = new QuietLogger()
    const { machine, ledgers, problems } = await loadMachine(kv)
    if (problems.length > 0) throw new Error(problems.join(', '))
    const meta = await MetaStore.open(disk, { create }, logger)
    const log = await LogStore.open(
      disk,
      {
        clock,
        create,
        committedIndex: machine.appliedIndex,
        segmentBytes,
        ...(segmentBytes < 1 << 26 && SMALL_LOG),
      },
      logger,
    )
    const applied = (): void => self?.onLedgers(ledgers.takeChanged())
    let self: SimBroker | undefined
    const raft = new Raft({
      id: nodeId(1),
      voters: [nodeId(1)],
      seed: 1,
      electionTicksMin: 5,
      electionTicksMax: 10,
      heartbeatTicks: 2,
      inflightCountMax: 16,
      inflightBytesMax: 1 << 20,
      appendEntriesMax: 64,
      appendBytesMax: 1 << 18,
      recovered: {
        hardState: meta.hardState,
        base: log.base,
        lastIndex: log.lastIndex,
        termRuns: log.termRuns,
        appliedIndex: machine.appliedIndex,
        sizeOf: (index) => log.sizeOf(index),
      },
    })
    const failed = (error: unknown): void => {
      throw error
    }
    const nothing = (): void => undefined
    const broker = new Broker(
      {
        id: nodeId(1),
        raft,
        log,
        meta,
        kv,
        machine,
        link: { sendRaft: () => false, flush: nothing },
        disk,
        clock,
        logger,
        tickMs: TICK_MS,
        autoCreateGroups: true,
        diskReserveBytes: 0,
        peerClocks,
        retention,
        transactions,
        relay,
        states: {
          disk,
          source: { peers: [], fetch: () => Promise.reject(new Error('there are no others')) },
          link: { call: () => Promise.reject(new Error('there are no others')) },
          examine: () => Promise.reject(new Error('there are no others')),
          bytesPerSecond: 1,
        },
      },
      {
        roleChanged: nothing,
        leadingChanged: nothing,
        catalogChanged: nothing,
        stateTaken: nothing,
        applied,
        failed,
      },
    )
    self = new SimBroker(() => broker)
    Object.assign(self, { clock, disk, kv, ledgers, log })
    await broker.start()
    await self.run(500)
    return self
  }

  /** Loses power. Start another one `after` it. */
  crash(prng: Prng): void {
    void this.broker.close().catch(() => undefined)
    this.disk.cutPower()
    this.disk.crash(prng)
    this.kv.crash(prng)
  }

  /** Moves time on in small steps and lets everything happen in between. */
  async run(ms: number, stepMs = TICK_MS): Promise<void> {
    for (let passed = 0; passed < ms; passed += stepMs) {
      this.clock.advance(stepMs)
      for (let i = 0; i < 6; i++) await settle()
    }
  }

  /** Lets time pass until the promise is settled. */
  async finish<T>(promise: Promise<T>, stepMs = TICK_MS): Promise<T> {
    const state = { done: false }
    const end = (): boolean => (state.done = true)
    promise.then(end, end)
    for (let i = 0; i < 5_000 && !state.done; i++) await this.run(stepMs, stepMs)
    return promise
  }

  /** Sends one message for each body. */
  async send(topic: string, bodies: readonly string[], tag = ''): Promise<void> {
    const { operations } = this.broker
    await this.finish(Promise.all(bodies.map((body) => operations.send(message(topic, body, tag)))))
  }

  /** Receives with the given changes to an ordinary request. */
  receive(request: Partial<ReceiveRequest> = {}): Promise<readonly ReceivedMessage[]> {
    return this.broker.operations.receive({
      requestKey: requestKey(),
      clientId: 'client',
      group: 'g',
      topic: 't',
      filter: ALL_MESSAGES,
      messagesMax: 32,
      invisibleMs: 10_000,
      autoRenew: false,
      pollUntilMono: this.clock.mono() + 100,
      signal: new AbortController().signal,
      ...request,
    })
  }
}

/** A request key that was never used. */
export function requestKey(): Uint8Array {
  const key = new Uint8Array(16)
  new DataView(key.buffer).setUint32(12, ++keys)
  return key
}

/** A send of one message whose raw bytes are a protobuf message with the tag and the body. */
export function message(topic: string, body: string, tag = ''): SendRequest {
  return messageOf(topic, body, tag)
}

/** A send of one half message that is first checked after `checkMs`. */
export function half(topic: string, body: string, checkMs = 0): SendRequest {
  return messageOf(topic, body, '', checkMs)
}

function messageOf(topic: string, body: string, tag: string, checkMs?: number): SendRequest {
  const system = tag === '' ? new Uint8Array(0) : field(1, utf8(tag))
  const raw = Buffer.concat([field(3, system), field(4, utf8(body))])
  const isHalf = checkMs !== undefined
  const header = new Uint8Array(isHalf ? TYPED_HEADER_BYTES : STORED_HEADER_BYTES)
  const systemStart = 2
  writeStoredHeader(header, {
    messageType: isHalf ? MESSAGE_TYPE_TRANSACTION : MESSAGE_TYPE_NORMAL,
    identityA: crc32(utf8(body)),
    identityB: crc32(utf8(`${topic}${body}`)),
    bodyCrc: crc32(utf8(body)),
    tagHash: tag === '' ? 0 : tagHash(utf8(tag)),
    rawLength: raw.byteLength,
    systemStart,
    systemLength: system.byteLength,
    bodyStart: raw.byteLength - body.length,
    bodyLength: body.length,
    storedAtMs: 1,
    ...(isHalf && { value: checkMs }),
  })
  return {
    topic,
    count: 1,
    messageTypes: isHalf ? HALVES_ONLY : NORMAL_ONLY,
    messages: [header, raw],
    bytes: header.byteLength + raw.byteLength,
  }
}

/** What a person asks who only says where a group starts and how often it tries. */
export function groupWish(name: string, start: string, startTimeMs: number, attemptsMax: number): GroupWish {
  return { name, start, startTimeMs, ...policyWish(plainPolicy(attemptsMax)) }
}

/** A send of one message of type DELAY. */
export function delayed(topic: string, body: string, dueMs: number): SendRequest {
  return typed(topic, body, { messageType: 3, value: dueMs })
}

/** A send of one message of another type than NORMAL. */
export function typed(
  topic: string,
  body: string,
  { messageType, value = 0, hash = 0n }: { messageType: number; value?: number; hash?: bigint },
): SendRequest {
  const { messages } = message(topic, body)
  const [, raw] = messages as [Uint8Array, Uint8Array]
  const header = new Uint8Array(TYPED_HEADER_BYTES)
  const known = readStoredHeader(Buffer.concat(messages))
  if (known === undefined) throw new Error('a message is whole')
  writeStoredHeader(header, { ...known, messageType, value, hash })
  const bytes = header.byteLength + raw.byteLength
  return { topic, count: 1, messageTypes: new Set([messageType]), messages: [header, raw], bytes }
}

/** The body of a message made by `message`. */
export function bodyText(received: ReceivedMessage): string {
  const text = Buffer.from(received.stored)
  return text.subarray(text.lastIndexOf(0x22) + 2).toString()
}

/** A length-delimited field shorter than 128 bytes. */
function field(number: number, bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of((number << 3) | 2, bytes.byteLength), bytes])
}
