/** `dledger.v1.Transactions` on every member: the leader answers. */
import { BrokerError } from '../base/errors.ts'
import { readStoredHeader } from '../broker/machine/stored-message.ts'
import type { HalfMessage, TransactionAdmin } from '../broker/transaction-admin.ts'
import type { Message } from '../rpc/apache-definition.ts'
import { Encoding } from '../rpc/apache-enums.ts'
import type { Draft } from '../rpc/draft.ts'
import { codecOf } from '../rpc/protos.ts'
import type { Method } from '../rpc/service.ts'
import type {
  EndOpenTransactionRequest,
  ListTransactionsRequest,
  TransactionDetail,
  TransactionList,
  TransactionRequest,
  TransactionsCalls,
} from '../rpc/transactions-types.ts'
import { typedService } from '../rpc/typed-service.ts'
import type { AtLeader } from './at-leader.ts'
import type { AdminCall } from './internal-calls.ts'

/** How these calls are named on their way to the leader. */
const PREFIX = 'transactions/'

const messages = codecOf<Message>('apache.rocketmq.v2.Message')

/** A transaction on its way: bytes as base64. */
interface ShownTransaction {
  readonly transaction: HalfMessage['transaction']
  readonly stored: string
}

export class TransactionsService {
  readonly #admin: TransactionAdmin
  readonly #atLeader: AtLeader

  constructor(admin: TransactionAdmin, atLeader: AtLeader) {
    this.#admin = admin
    this.#atLeader = atLeader
  }

  /** The methods for the client port. */
  methods(): readonly Method[] {
    const ask = (name: string, request: unknown): Promise<unknown> =>
      this.#atLeader.call({ method: `${PREFIX}${name}`, request })
    return typedService<TransactionsCalls>('dledger.v1.Transactions', {
      List: async (_context, request) => (await ask('list', request)) as TransactionList,
      Show: async (_context, request) => detail((await ask('show', request)) as ShownTransaction),
      End: async (_context, request) => {
        await ask('end', request)
        return {}
      },
    })
  }

  /** Does `run` know the call? */
  knows({ method }: AdminCall): boolean {
    return method.startsWith(PREFIX)
  }

  /** Runs a call of another member on this one, which must lead. */
  async run({ method, request }: AdminCall): Promise<unknown> {
    switch (method) {
      case `${PREFIX}list`:
        return this.#admin.list(request as ListTransactionsRequest)
      case `${PREFIX}show`: {
        const shown = await this.#admin.show((request as TransactionRequest).transactionId)
        return { transaction: shown.transaction, stored: Buffer.from(shown.stored).toString('base64') }
      }
      case `${PREFIX}end`: {
        const { transactionId, commit } = request as EndOpenTransactionRequest
        await this.#admin.end(transactionId, commit)
        return {}
      }
      default:
        throw new BrokerError('NOT_IMPLEMENTED', `there is no call ${method}`)
    }
  }
}

function detail({ transaction, stored }: ShownTransaction): Draft<TransactionDetail> {
  const bytes = Buffer.from(stored, 'base64')
  const header = readStoredHeader(bytes)
  if (header === undefined) throw new BrokerError('DATA_DAMAGED', 'the log holds bytes that are no message')
  const { systemProperties, userProperties, body } = messages.decode(bytes.subarray(header.headerBytes))
  return {
    transaction,
    messageId: systemProperties?.messageId ?? '',
    tag: systemProperties?.tag ?? '',
    keys: systemProperties?.keys ?? [],
    properties: userProperties,
    body,
    bodyEncoding: systemProperties?.bodyEncoding === Encoding.GZIP ? 'GZIP' : 'IDENTITY',
  }
}
