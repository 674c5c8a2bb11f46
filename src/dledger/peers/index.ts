/** The door of the transport between members: everything that the rest of the program uses of it. */
export { admit, type Admission, type RememberedPeer } from './admission.ts'
export type {
  CallOptions,
  ConnectionEvent,
  Direction,
  Ending,
  PeerAddress,
  PeerChannel,
  PeerGreeting,
  PeerHandlers,
  PeerIdentity,
  PeerTransportOptions,
  Verdict,
} from './api.ts'
export {
  type AppendBytes,
  type DecodedRaft,
  decodeRaft,
  encodeAppend,
  encodeMessage,
  type WireMessage,
} from './message-codec.ts'
export { PeerTransport } from './transport.ts'
