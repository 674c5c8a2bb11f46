/**
 * Owns the loaded definition files: reads each once, with fixed options, and hands out services and codecs.
 * In decoded messages field names are camelCase, enums are numbers, 64-bit numbers are `number`, bytes are a
 * Buffer that is a view of what was decoded. Absent: scalars have their default, sub-messages are `null`,
 * repeated fields and maps are empty; `optional` scalars and members of a oneof are left out. A 64-bit
 * number beyond 2^53 - 1 decodes to one that is not a safe integer, so the gates that make brands refuse it.
 */
import { fileURLToPath } from 'node:url'
import {
  loadSync,
  type MessageTypeDefinition,
  type MethodDefinition,
  type Options,
  type PackageDefinition,
  type ServiceDefinition,
} from '@grpc/proto-loader'
import { broken } from '../base/assert.ts'
import { BrokerError } from '../base/errors.ts'
import type { Draft } from './draft.ts'

/** The folder of the definition files: the same distance from `src/rpc` as from `dist/rpc`. */
export const PROTO_FOLDER = fileURLToPath(new URL('../../proto', import.meta.url))

const OPTIONS: Options = {
  keepCase: false,
  longs: Number,
  enums: Number,
  defaults: true,
  arrays: true,
  objects: true,
  oneofs: true,
  json: false,
  includeDirs: [PROTO_FOLDER],
}

/** Which file defines a package or service. A name belongs to the longest prefix. */
const FILES: Readonly<Record<string, readonly string[]>> = {
  'apache.rocketmq.v2.': ['apache/rocketmq/v2/service.proto', 'apache/rocketmq/v2/admin.proto'],
  'dledger.v1.': [
    'dledger/v1/namesrv.proto',
    'dledger/v1/admin.proto',
    'dledger/v1/ledger.proto',
    'dledger/v1/members.proto',
    'dledger/v1/query.proto',
    'dledger/v1/snapshots.proto',
    'dledger/v1/clients.proto',
    'dledger/v1/transactions.proto',
  ],
  'grpc.health.v1.': ['grpc/health/v1/health.proto'],
  'grpc.reflection.v1.': ['grpc/reflection/v1/reflection.proto'],
  'grpc.reflection.v1alpha.': ['grpc/reflection/v1alpha/reflection.proto'],
}

const packages = new Map<string, PackageDefinition>()

/** Bytes to objects and back for one message type. */
export interface MessageCodec<Message extends object> {
  /** The bytes of a message. Fields that are left out or `null` are not written. */
  readonly encode: (message: Draft<Message>) => Buffer
  /** Throws `BrokerError` BAD_REQUEST when the bytes are not a message of this type. */
  readonly decode: (bytes: Uint8Array) => Message
}

/** A call of a service: its path and both sides' codecs. */
export interface CallDefinition {
  /** For example `/dledger.v1.Admin/ListTopics`. */
  readonly path: string
  readonly requestStream: boolean
  readonly responseStream: boolean
  readonly request: MessageCodec<object>
  readonly response: MessageCodec<object>
}

/** The codec of a message type by its full name, for example `apache.rocketmq.v2.SendMessageRequest`. */
export function codecOf<Message extends object>(typeName: string): MessageCodec<Message> {
  const found = packageOf(typeName)[typeName]
  if (found === undefined || !('serialize' in found) || typeof found.serialize !== 'function') {
    return broken('a message type is missing in the definition files', { typeName })
  }
  const { serialize, deserialize } = found as MessageTypeDefinition<object, Message>
  return guarded(typeName, serialize, deserialize)
}

/** The calls of a service by its full name, for example `dledger.v1.Admin`. */
export function callsOf(serviceName: string): Readonly<Record<string, CallDefinition>> {
  const found = packageOf(serviceName)[serviceName]
  if (found === undefined || 'format' in found) {
    return broken('a service is missing in the definition files', { serviceName })
  }
  const calls = Object.entries(found as ServiceDefinition)
  return Object.fromEntries(calls.map(([name, call]) => [name, definitionOf(call)]))
}

function definitionOf(call: MethodDefinition<object, object>): CallDefinition {
  return {
    path: call.path,
    requestStream: call.requestStream,
    responseStream: call.responseStream,
    request: guarded(`request of ${call.path}`, call.requestSerialize, call.requestDeserialize),
    response: guarded(`response of ${call.path}`, call.responseSerialize, call.responseDeserialize),
  }
}

function guarded<Message extends object>(
  what: string,
  serialize: (message: object) => Buffer,
  deserialize: (bytes: Buffer) => Message,
): MessageCodec<Message> {
  return {
    encode: serialize,
    decode(bytes) {
      try {
        // A plain Uint8Array is decoded as well, its `bytes` fields are copies.
        return deserialize(bytes as Buffer)
      } catch (cause) {
        throw new BrokerError('BAD_REQUEST', `the bytes are no ${what}`, { cause })
      }
    },
  }
}

/**
 * The definition files that a service needs, each a serialized google.protobuf.FileDescriptorProto with names as
 * they stand in the files. The loader gives one for each package and leaves their dependencies out.
 */
export function descriptorsOf(serviceName: string): readonly Uint8Array[] {
  const definitions = loadSync([...(FILES[prefixOf(serviceName)] ?? [])], { ...OPTIONS, keepCase: true })
  for (const definition of Object.values(definitions)) {
    if ('fileDescriptorProtos' in definition) {
      return (definition as MessageTypeDefinition<object, object>).fileDescriptorProtos
    }
  }
  return broken('a service has messages', { serviceName })
}

function prefixOf(name: string): string {
  const prefix = Object.keys(FILES).find((known) => name.startsWith(known))
  return prefix ?? broken('no definition file knows the name', { name })
}

function packageOf(name: string): PackageDefinition {
  const prefix = prefixOf(name)
  const loaded = packages.get(prefix) ?? loadSync([...(FILES[prefix] ?? [])], OPTIONS)
  packages.set(prefix, loaded)
  return loaded
}
