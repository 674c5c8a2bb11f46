/** The facade of a group of one member, on the broker of `sim-broker.ts`: calls are bytes in and bytes out. */
import { CONFIG_DEFAULTS } from '../../src/base/config.ts'
import { Proxy } from '../../src/proxy/proxy.ts'
import { runLeaderCall } from '../../src/proxy/leader-calls.ts'
import type { LeaderContext } from '../../src/proxy/leader-context.ts'
import type { CallContext, Method } from '../../src/rpc/service.ts'
import { QuietLogger } from './manual-clock.ts'
import type { SimBroker } from './sim-broker.ts'

export class SimFacade {
  readonly proxy: Proxy
  readonly logger = new QuietLogger()
  readonly #sim: SimBroker
  readonly #methods: ReadonlyMap<string, Method>

  constructor(sim: SimBroker) {
    this.#sim = sim
    const { broker, clock } = sim
    const context: LeaderContext = {
      operations: broker.operations,
      offsets: broker.queueReads,
      deadLetters: broker.deadLetters,
      view: broker.machine,
      clock,
      storeHost: '127.0.0.1:8081',
      brokerName: 'group',
      delayMsMax: CONFIG_DEFAULTS.messages.delayMsMax,
      checkAfterMs: CONFIG_DEFAULTS.transactions.checkAfterMs,
      advertised: () => ({ scheme: 1, addresses: [{ host: '127.0.0.1', port: 8081 }] }),
      createTopic: null,
    }
    this.proxy = new Proxy({
      context,
      logger: this.logger,
      cluster: {
        leaderPlace: () => 'here',
        leaderChange: (signal) => aborted(signal),
        callLeader: (head, request, signal) => runLeaderCall(context, head, request, signal),
      },
    })
    this.#methods = new Map(this.proxy.methods.map((method) => [method.path, method]))
  }

  /** The response messages of a call that waits for `waitMs` at most. Throws `GrpcFailure`. */
  async call(
    path: string,
    request: Uint8Array,
    clientId = 'client',
    waitMs = 1_000,
  ): Promise<readonly Uint8Array[]> {
    const method = this.#methods.get(path)
    const context = this.#context(clientId, waitMs)
    if (method?.type === 'unary') return [await method.handle(context, Buffer.from(request))]
    if (method?.type !== 'serverStream') throw new Error(`${path} is not called like this`)
    const { items, onDelivered } = await method.handle(context, Buffer.from(request))
    onDelivered?.()
    return items
  }

  #context(clientId: string, waitMs: number): CallContext {
    const entries = new Map([['x-mq-client-id', clientId]])
    return {
      metadata: (name) => entries.get(name),
      peer: '127.0.0.1:1',
      localAddress: '127.0.0.1:8081',
      deadlineMono: this.#sim.clock.mono() + waitMs,
      signal: new AbortController().signal,
    }
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  })
}
