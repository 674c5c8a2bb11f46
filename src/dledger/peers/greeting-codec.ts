/**
 * The greeting that opens every connection between members, and what is checked in it before the data folder
 * is judged: protocol version, cluster, group, members. The body of a greeting and of its answer is the
 * process id (u16 length, text), then the protobuf message of proto/dledger/v1/peer.proto.
 */
import { fileURLToPath } from 'node:url'
import { loadSync } from '@grpc/proto-loader'
import { BytesError, Reader, Writer } from '../../base/bytes.ts'
import { nodeId, type NodeId } from '../../base/brand.ts'
import { broken } from '../../base/assert.ts'
import { messageOf } from '../../base/errors.ts'
import type { PeerChannel, PeerGreeting, PeerIdentity } from './api.ts'
import { FrameError } from './frame-codec.ts'

/** A larger greeting is refused unread. */
export const GREETING_BYTES_MAX = 4096
/** The version of everything that goes over a connection, agreed on by the greeting. */
export const PEER_PROTOCOL_VERSION = 1

const protoFolder = fileURLToPath(new URL('../../../proto', import.meta.url))
const definitions = loadSync('dledger/v1/peer.proto', {
  includeDirs: [protoFolder],
  keepCase: false,
  longs: Number,
  defaults: true,
  arrays: true,
})

/** A message of the definition file, as its codec. */
interface MessageCodec {
  serialize(value: object): Buffer
  deserialize(bytes: Buffer): object
}

function codecOf(name: string): MessageCodec {
  const found = definitions[name]
  if (found === undefined || !('serialize' in found) || typeof found.serialize !== 'function') {
    return broken('a message is missing in the definition file', { name })
  }
  return found as MessageCodec
}

const helloCodec = codecOf('dledger.v1.PeerHello')
const replyCodec = codecOf('dledger.v1.PeerHelloReply')

/** The opening words of the one who dials. */
export interface Hello extends PeerIdentity {
  readonly protocolVersion: number
  readonly clusterId: string
  readonly group: string
  readonly fromId: NodeId
  readonly toId: NodeId
  readonly channel: string
  readonly version: string
}

/** The answer of the one who was dialled, with the identity of its own folder. */
export interface HelloReply extends PeerIdentity {
  readonly accepted: boolean
  readonly reason: string
  readonly folderRefused: boolean
}

export function encodeHello(hello: Hello): Uint8Array {
  return encoded(helloCodec, hello)
}

export function encodeHelloReply(reply: HelloReply): Uint8Array {
  return encoded(replyCodec, reply)
}

/** Reads a greeting. Throws `FrameError` for bytes that are none. */
export function decodeHello(body: Uint8Array): Hello {
  const { processId, fields } = decoded(helloCodec, body)
  return {
    processId,
    protocolVersion: wholeIn(fields, 'protocolVersion'),
    clusterId: textIn(fields, 'clusterId'),
    group: textIn(fields, 'group'),
    fromId: nodeId(wholeIn(fields, 'fromId')),
    toId: nodeId(wholeIn(fields, 'toId')),
    channel: textIn(fields, 'channel'),
    folderId: textIn(fields, 'folderId'),
    startCount: wholeIn(fields, 'startCount'),
    version: textIn(fields, 'version'),
  }
}

/** Reads the answer to a greeting. Throws `FrameError` for bytes that are none. */
export function decodeHelloReply(body: Uint8Array): HelloReply {
  const { processId, fields } = decoded(replyCodec, body)
  return {
    processId,
    accepted: fields['accepted'] === true,
    reason: textIn(fields, 'reason'),
    folderRefused: fields['folderRefused'] === true,
    folderId: textIn(fields, 'folderId'),
    startCount: wholeIn(fields, 'startCount'),
  }
}

/** Who answers greetings: what a greeting must name. */
export interface GreetingRules {
  readonly clusterId: string
  readonly group: string
  readonly ownId: NodeId
  readonly isMember: (id: NodeId) => boolean
}

/**
 * What is wrong with a greeting before the folder is looked at: one sentence, or the greeting as the shell
 * judges it.
 */
export function checkHello(hello: Hello, rules: GreetingRules): PeerGreeting | string {
  if (hello.protocolVersion !== PEER_PROTOCOL_VERSION) {
    return `Peer protocol version ${hello.protocolVersion} is not known here, only ${PEER_PROTOCOL_VERSION}: run versions of the program that are at most one apart`
  }
  if (hello.clusterId !== rules.clusterId) {
    return `This is cluster "${rules.clusterId}", not "${hello.clusterId}": check cluster id and addresses in the configuration`
  }
  if (hello.group !== rules.group) {
    return `This is group "${rules.group}", not "${hello.group}": check group and addresses in the configuration`
  }
  if (hello.toId !== rules.ownId) {
    return `This is member ${rules.ownId}, not ${hello.toId}: check the addresses of the members in the configuration`
  }
  if (hello.fromId === rules.ownId) {
    return `Member ${rules.ownId} is this one: two members were given the same id, or one dials itself`
  }
  if (hello.fromId === 0) return '0 is no member id'
  if (!rules.isMember(hello.fromId)) return `Member ${hello.fromId} does not belong to group "${rules.group}"`
  if (!isChannel(hello.channel)) return `Channel "${hello.channel}" is not known here`
  if (hello.folderId === '' || hello.startCount === 0 || hello.processId === '') {
    return `Member ${hello.fromId} does not say which data folder it runs on`
  }
  const { fromId, channel, folderId, startCount, processId, version } = hello
  return { fromId, channel, folderId, startCount, processId, version }
}

function isChannel(text: string): text is PeerChannel {
  return text === 'raft' || text === 'call'
}

function encoded(codec: MessageCodec, value: PeerIdentity): Uint8Array {
  return new Writer().text16(value.processId).raw(codec.serialize(value)).done()
}

function decoded(
  codec: MessageCodec,
  body: Uint8Array,
): { processId: string; fields: Readonly<Record<string, unknown>> } {
  try {
    const reader = new Reader(body)
    const processId = reader.text16()
    const rest = reader.take(reader.left)
    const fields = codec.deserialize(Buffer.from(rest.buffer, rest.byteOffset, rest.byteLength))
    return { processId, fields: { ...fields } }
  } catch (error) {
    // The protobuf reader throws errors of several classes; whatever it is, these bytes are no greeting.
    const what = error instanceof BytesError ? error.message : messageOf(error)
    throw new FrameError(`the greeting is not readable: ${what}`)
  }
}

function textIn(fields: Readonly<Record<string, unknown>>, name: string): string {
  const value = fields[name]
  if (typeof value !== 'string') throw new FrameError(`the greeting has no text ${name}`)
  return value
}

function wholeIn(fields: Readonly<Record<string, unknown>>, name: string): number {
  const value = fields[name]
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw new FrameError(`the greeting has no whole number ${name}`)
  }
  return value
}
