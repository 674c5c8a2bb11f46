/** A facade around fakes of its ports: the leader's operations, the machine's view and the way to the leader. */
import { plainPolicy } from '../../../src/broker/machine/group-policy.ts'
import { DELAY_MS_DEFAULT } from '../../../src/base/limits.ts'
import { millis } from '../../../src/base/brand.ts'
import { BrokerError } from '../../../src/base/errors.ts'
import type {
  AckRequest,
  ChangeInvisibleRequest,
  EndTransactionRequest,
  LeaderOperations,
  RecallRequest,
  ReceivedMessage,
  ReceiveRequest,
  SendRequest,
  SendResult,
} from '../../../src/broker/leader-port.ts'
import type { ForwardRequest } from '../../../src/broker/dead-letter-operations.ts'
import type {
  OffsetOperations,
  OffsetPolicy,
  PullRequest,
  PullResult,
  QueueName,
  UpdateOffsetRequest,
} from '../../../src/broker/offset-operations.ts'
import type { Receipt } from '../../../src/broker/machine/commands.ts'
import type { GroupView, MachineView, TopicView } from '../../../src/broker/machine/view.ts'
import type { CallHead, LeaderMethod } from '../../../src/proxy/call-head.ts'
import type { Cluster, LeaderPlace } from '../../../src/proxy/cluster.ts'
import type { LeaderContext } from '../../../src/proxy/leader-context.ts'
import type { SendMessageRequest } from '../../../src/rpc/apache-service.ts'
import type { Draft } from '../../../src/rpc/draft.ts'
import { codecOf } from '../../../src/rpc/protos.ts'
import type { CallContext } from '../../../src/rpc/service.ts'
import { ManualClock } from '../../support/manual-clock.ts'

/** The codec of an apache.rocketmq.v2 message that may be given and read in part. */
export function v2<Message extends object>(name: string): ReturnType<typeof codecOf<Message>> {
  return codecOf<Message>(`apache.rocketmq.v2.${name}`)
}

export const sendRequests = v2<SendMessageRequest>('SendMessageRequest')

export const TOPIC: TopicView = {
  id: 7,
  name: 'orders',
  messageType: 1,
  queues: [70, 71, 72],
  createdAt: millis(1),
  permission: 4,
  retentionMs: millis(0),
}

export const GROUP: GroupView = {
  id: 3,
  name: 'billing',
  start: { from: 'default' },
  policy: plainPolicy(17),
  attemptsMax: 17,
  fifo: false,
  createdAt: millis(1),
  topics: [7],
}

/** Knows the topic `orders` and the group `billing` unless the test changes it. */
export class FakeView {
  readonly topicsByName = new Map([[TOPIC.name, TOPIC]])
  readonly groupsByName = new Map([[GROUP.name, GROUP]])

  asView(): MachineView {
    const asked = {
      now: millis(0),
      topic: (name: string) => this.topicsByName.get(name),
      group: (name: string) => this.groupsByName.get(name),
    }
    return asked as unknown as MachineView
  }
}

/** Does what the test puts in; keeps what it was asked. */
export class FakeOperations implements LeaderOperations {
  readonly sends: SendRequest[] = []
  readonly receives: ReceiveRequest[] = []
  readonly acks: AckRequest[] = []
  readonly changes: ChangeInvisibleRequest[] = []
  readonly recalls: RecallRequest[] = []
  readonly ends: EndTransactionRequest[] = []
  readonly releases: (readonly Receipt[])[] = []
  readonly handed: (readonly Receipt[])[] = []
  readonly contacts: (readonly [group: string, topics: readonly string[], clientId: string])[] = []
  readonly terminations: (readonly [clientId: string, group: string | null])[] = []
  readonly seen: string[] = []
  barriers = 0
  onSend: (request: SendRequest) => Promise<readonly SendResult[]> = (request) =>
    Promise.resolve(
      Array.from({ length: request.count }, (_, i) => ({ queueId: i, offset: 40 + i, repeated: false })),
    )
  onReceive: (request: ReceiveRequest) => Promise<readonly ReceivedMessage[]> = () => Promise.resolve([])
  onAck: (request: AckRequest) => Promise<readonly boolean[]> = ({ receipts }) =>
    Promise.resolve(receipts.map((receipt) => receipt !== undefined))
  onChange: (request: ChangeInvisibleRequest) => Promise<{ valid: boolean; receipt: Receipt }> = ({
    receipt,
  }) => Promise.resolve({ valid: true, receipt: { ...receipt, deadline: millis(9999) } })
  onEnd: (request: EndTransactionRequest) => Promise<void> = () => Promise.resolve()
  onBarrier: () => Promise<void> = () => Promise.resolve()
  onRecall: () => Promise<void> = () => Promise.resolve()
  onContact: () => Promise<void> = () => Promise.resolve()

  send(request: SendRequest): Promise<readonly SendResult[]> {
    this.sends.push(request)
    return this.onSend(request)
  }

  receive(request: ReceiveRequest): Promise<readonly ReceivedMessage[]> {
    this.receives.push(request)
    return this.onReceive(request)
  }

  ack(request: AckRequest): Promise<readonly boolean[]> {
    this.acks.push(request)
    return this.onAck(request)
  }

  changeInvisible(request: ChangeInvisibleRequest): Promise<{ valid: boolean; receipt: Receipt }> {
    this.changes.push(request)
    return this.onChange(request)
  }

  recall(request: RecallRequest): Promise<void> {
    this.recalls.push(request)
    return this.onRecall()
  }

  endTransaction(request: EndTransactionRequest): Promise<void> {
    this.ends.push(request)
    return this.onEnd(request)
  }

  release(receipts: readonly Receipt[]): Promise<void> {
    this.releases.push(receipts)
    return Promise.resolve()
  }

  handedOver(receipts: readonly Receipt[]): Promise<void> {
    this.handed.push(receipts)
    return Promise.resolve()
  }

  contact(group: string, topics: readonly string[], clientId: string): Promise<void> {
    this.contacts.push([group, topics, clientId])
    return this.onContact()
  }

  terminate(clientId: string, group: string | null): Promise<void> {
    this.terminations.push([clientId, group])
    return Promise.resolve()
  }

  clientSeen(clientId: string): void {
    this.seen.push(clientId)
  }

  confirmAbsent(): Promise<void> {
    this.barriers += 1
    return this.onBarrier()
  }
}

/** Queues of ten messages; keeps what was stored. */
export class FakeOffsets implements OffsetOperations {
  readonly pulls: PullRequest[] = []
  readonly updates: UpdateOffsetRequest[] = []
  onPull: (request: PullRequest) => Promise<PullResult> = ({ offset }) =>
    Promise.resolve({ messages: [], nextOffset: offset })

  pull(request: PullRequest): Promise<PullResult> {
    this.pulls.push(request)
    return this.onPull(request)
  }

  updateOffset(request: UpdateOffsetRequest): Promise<void> {
    this.updates.push(request)
    return Promise.resolve()
  }

  getOffset(): Promise<number> {
    const last = this.updates.at(-1)?.offset
    if (last === undefined) return Promise.reject(new BrokerError('OFFSET_NOT_FOUND', 'nothing is stored'))
    return Promise.resolve(last)
  }

  queryOffset(_name: QueueName, policy: OffsetPolicy): Promise<number> {
    return Promise.resolve(policy === 'beginning' ? 0 : policy === 'end' ? 10 : policy.time % 10)
  }
}

/** Takes every message; keeps what was asked. */
export class FakeDeadLetters {
  readonly forwards: ForwardRequest[] = []
  onForward: () => Promise<boolean> = () => Promise.resolve(true)

  forward(request: ForwardRequest): Promise<boolean> {
    this.forwards.push(request)
    return this.onForward()
  }
}

/** The test says who leads. Calls to a leader elsewhere go to `onCall` and are kept. */
export class FakeCluster implements Cluster {
  readonly calls: { readonly head: CallHead; readonly request: Uint8Array; readonly signal: AbortSignal }[] =
    []
  onCall: (head: CallHead, request: Uint8Array, signal: AbortSignal) => Promise<readonly Uint8Array[]> = () =>
    Promise.reject(new BrokerError('CLOSED', 'no connection'))
  #place: LeaderPlace
  #waiting: (() => void)[] = []

  constructor(place: LeaderPlace) {
    this.#place = place
  }

  leaderPlace(): LeaderPlace {
    return this.#place
  }

  change(place: LeaderPlace): void {
    this.#place = place
    for (const wake of this.#waiting.splice(0)) wake()
  }

  leaderChange(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
      this.#waiting.push(resolve)
    })
  }

  callLeader(head: CallHead, request: Uint8Array, signal: AbortSignal): Promise<readonly Uint8Array[]> {
    this.calls.push({ head, request, signal })
    return this.onCall(head, request, signal)
  }
}

export interface World {
  readonly clock: ManualClock
  readonly view: FakeView
  readonly operations: FakeOperations
  readonly offsets: FakeOffsets
  readonly deadLetters: FakeDeadLetters
  readonly context: LeaderContext
}

export function world(changes: Partial<LeaderContext> = {}): World {
  const clock = new ManualClock()
  const view = new FakeView()
  const operations = new FakeOperations()
  const offsets = new FakeOffsets()
  const deadLetters = new FakeDeadLetters()
  const context: LeaderContext = {
    operations,
    offsets,
    deadLetters,
    view: view.asView(),
    clock,
    storeHost: '10.0.0.1:8081',
    brokerName: 'broker-0',
    delayMsMax: DELAY_MS_DEFAULT,
    checkAfterMs: 0,
    advertised: () => ({ scheme: 3, addresses: [{ host: 'mq.example', port: 8081 }] }),
    createTopic: null,
    ...changes,
  }
  return { clock, view, operations, offsets, deadLetters, context }
}

export function headFor(method: LeaderMethod, changes: Partial<CallHead> = {}): CallHead {
  return {
    method,
    requestKey: new Uint8Array(16).fill(5),
    remainingMs: 2500,
    clientId: 'host@1@0@abc',
    language: 'JAVA',
    clientVersion: '5.2.1',
    userAgent: '',
    ...changes,
  }
}

export interface FakeCall extends CallContext {
  readonly aborter: AbortController
}

/** A call with the usual headers; `headers` adds or, with an empty text, takes away. */
export function callContext(deadlineMono: number, headers: Readonly<Record<string, string>> = {}): FakeCall {
  const all: Record<string, string> = {
    'x-mq-client-id': 'host@1@0@abc',
    'x-mq-language': 'JAVA',
    'x-mq-client-version': '5.2.1',
    ...headers,
  }
  const aborter = new AbortController()
  return {
    metadata: (name) => (all[name] === '' ? undefined : all[name]),
    peer: '10.0.0.9:5000',
    localAddress: '10.0.0.1:8081',
    deadlineMono,
    signal: aborter.signal,
    aborter,
  }
}

type DraftMessage = NonNullable<Draft<SendMessageRequest>['messages']>[number]

/** A message as a client sends it; the changes replace whole parts. */
export function draftMessage(changes: DraftMessage = {}): DraftMessage {
  return {
    topic: { resourceNamespace: '', name: 'orders' },
    userProperties: { region: 'north' },
    systemProperties: systemOf(),
    body: Buffer.from('hello'),
    ...changes,
  }
}

export function systemOf(
  changes: NonNullable<DraftMessage>['systemProperties'] = {},
): NonNullable<DraftMessage>['systemProperties'] {
  return {
    tag: 'created',
    keys: ['order-1'],
    messageId: '01A0B1C2D3E4F52F1A0C5B3D4E00000001',
    bodyEncoding: 1,
    messageType: 1,
    bornTimestamp: { seconds: 1_790_000_000, nanos: 123_000_000 },
    bornHost: 'worker-1',
    ...changes,
  }
}

/** The bytes of a SendMessageRequest. */
export function sendBytes(...messages: readonly DraftMessage[]): Buffer {
  return sendRequests.encode({ messages })
}
