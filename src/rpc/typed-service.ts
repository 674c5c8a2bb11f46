/**
 * Services with objects instead of bytes, for calls that are not hot: dledger.v1.NameServer and Admin. A
 * handler throws `BrokerError`; the client finds its code and outcome in the trailers.
 */
import { BrokerError } from '../base/errors.ts'
import { assert, broken } from '../base/assert.ts'
import type { Draft } from './draft.ts'
import { callsOf, type CallDefinition } from './protos.ts'
import type { CallContext, Method } from './service.ts'
import { failureOf } from './status.ts'

/** The calls of a service by name, for example `NameServerCalls`. */
export type CallTypes = {
  readonly [name: string]: { readonly request: object; readonly response: object }
}

/** One function for each unary call of a service. */
export type TypedHandlers<Calls extends CallTypes> = {
  readonly [Name in keyof Calls]: (
    context: CallContext,
    request: Calls[Name]['request'],
  ) => Promise<Draft<Calls[Name]['response']>>
}

/**
 * The methods of a service by its full name, for example
 * `typedService<NameServerCalls>('dledger.v1.NameServer', { Register: ... })`.
 */
export function typedService<Calls extends CallTypes>(
  serviceName: string,
  handlers: TypedHandlers<Calls>,
): readonly Method[] {
  return Object.entries(callsOf(serviceName)).map(([name, call]) => {
    const handle = handlers[name]
    if (handle === undefined) return broken('every call of a service has a handler', { serviceName, name })
    return unaryMethod(call, handle)
  })
}

/** The method of one unary call with objects instead of bytes. */
export function unaryMethod(
  call: CallDefinition,
  handle: (context: CallContext, request: object) => Promise<Draft<object>>,
): Method {
  assert(!call.requestStream && !call.responseStream, 'a typed call is unary', { path: call.path })
  return {
    type: 'unary',
    path: call.path,
    async handle(context, bytes) {
      try {
        return call.response.encode(await handle(context, call.request.decode(bytes)))
      } catch (error) {
        throw error instanceof BrokerError ? failureOf(error) : error
      }
    },
  }
}
