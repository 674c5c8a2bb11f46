/**
 * The broker machine: what the entries of the log mean. A pure function of committed entries; the same
 * entries give the same state, the same rows and the same answers on every member.
 */
import { assert, unreachable } from '../../base/assert.ts'
import type { LogPosition } from '../../base/brand.ts'
import { BytesError, viewOf } from '../../base/bytes.ts'
import { DIGEST_EVERY_ENTRIES } from '../../base/limits.ts'
import type { KvWrite } from '../../base/ports.ts'
import type { EntryMeta, MachineDigests, MachinePart, StateMachine } from '../../base/state-machine.ts'
import { contact, createGroup, createTopic, deleteGroup, deleteTopic } from './catalog-commands.ts'
import { leaveTopic, updateGroup, updateTopic } from './catalog-updates.ts'
import { decodeCommand } from './command-decode.ts'
import { COMMAND_HEADER_BYTES, COMMAND_KINDS, isKnownKind } from './command-encode.ts'
import type { Command, Reply } from './commands.ts'
import { deadLetter, forwardDead } from './dead-letters.ts'
import { commandEnd, ENTRY_HEADER_BYTES, readEntryHeader } from './entry-codec.ts'
import { dropPages, floor, trim } from './floor.ts'
import { stateFaults } from './invariants.ts'
import { StateLoader } from './loader.ts'
import { Meta } from './meta.ts'
import { moveUp } from './move-up.ts'
import { claimInOrder } from './order.ts'
import { ack, changeInvisible, claim, claimRepeat, release, releaseClient, renew } from './pop.ts'
import { updateOffset } from './pull-offsets.ts'
import { redrive } from './redrive.ts'
import { resetOffsets } from './reset-offsets.ts'
import { send } from './send.ts'
import type { RowLedger } from './rows.ts'
import { fire, moveTimers, recall } from './timer-commands.ts'
import { MachineState, refused, type WindowSizes } from './state.ts'
import type { Effects } from './view.ts'
import { StateView } from './state-view.ts'
import { checkTransactions, endTransaction, moveTransactions } from './transactions.ts'

/** Rebuilds a machine from its table rows. */
export interface MachineLoader {
  /** Takes one row, in any order. What is kept is copied. Throws `UnknownVersionError`. */
  add(key: Uint8Array, value: Uint8Array): void
  /** The machine, and what is wrong with the rows: nothing when it is exactly the one that was written. */
  finish(): { readonly machine: BrokerMachine; readonly problems: readonly string[] }
}

/** The broker as a state machine, and the view of it that the shell reads. */
export class BrokerMachine extends StateView implements StateMachine<Reply> {
  readonly #meta: Meta
  readonly #part: MachinePart | null
  #savedIndex: number

  /**
   * Without arguments: a machine to which nothing was applied. `part` is another machine in the same log that
   * shares the rows of `state`.
   */
  constructor(
    state: MachineState = new MachineState(),
    meta: Meta = new Meta(),
    part: MachinePart | null = null,
  ) {
    super(state)
    this.#meta = meta
    this.#part = part
    if (part !== null) state.neededByPart = () => part.neededFrom()
    this.#savedIndex = state.appliedIndex
  }

  /** A machine whose windows are smaller than the system's limits, so that tests reach their ends. */
  static withWindows(sizes: WindowSizes): BrokerMachine {
    return new BrokerMachine(new MachineState(sizes))
  }

  /**
   * Starts the rebuilding of a machine from its table rows. Without rows it gives an empty machine. `makePart`
   * makes another machine in the same log.
   */
  static loader(
    sizes: WindowSizes = {},
    makePart: ((rows: RowLedger) => MachinePart) | null = null,
  ): MachineLoader {
    const loader = new StateLoader(sizes, makePart)
    return {
      add: (key, value) => loader.add(key, value),
      finish: () => {
        const { state, meta, part, problems } = loader.finish()
        return { machine: new BrokerMachine(state, meta, part), problems }
      },
    }
  }

  get appliedIndex(): EntryMeta['index'] {
    return this.state.appliedIndex
  }

  get floor(): LogPosition {
    return this.state.floor
  }

  apply(meta: EntryMeta, data: Uint8Array): readonly Reply[] {
    const { state } = this
    assert(meta.index === state.appliedIndex + 1, 'entries are applied in order', {
      index: meta.index,
      applied: state.appliedIndex,
    })
    const replies = data.byteLength === 0 ? [] : this.#applyEntry(meta.position, data)
    state.appliedIndex = meta.index
    if (meta.index % DIGEST_EVERY_ENTRIES === 0) {
      this.#settle()
      this.#meta.addCheckpoint(state)
    }
    return replies
  }

  drain(): KvWrite[] {
    const { state } = this
    this.#settle()
    const writes = state.rows.take()
    state.timers.drained()
    this.#part?.drained()
    if (state.appliedIndex === this.#savedIndex) return writes
    this.#savedIndex = state.appliedIndex
    writes.push(this.#meta.row(state))
    return writes
  }

  digests(): MachineDigests {
    this.#settle()
    const { appliedIndex, rows } = this.state
    return {
      applied: { index: appliedIndex, digest: rows.digest.text() },
      checkpoints: this.#meta.checkpoints(),
    }
  }

  /** What happened since the last call, and forgets it. */
  takeEffects(): Effects {
    return this.state.takeEffects()
  }

  /** Rules that do not hold, as sentences: empty, or this program is wrong. Walks the whole state. */
  faults(): readonly string[] {
    return [...stateFaults(this.state), ...(this.#part?.faults() ?? [])]
  }

  #settle(): void {
    this.state.rows.settle()
    this.#meta.settle(this.state)
  }

  #applyEntry(position: LogPosition, data: Uint8Array): Reply[] {
    const { state } = this
    const header = readEntryHeader(data, this.#part)
    if (header === undefined) return [refused('BAD_REQUEST', 'the bytes are no entry')]
    if (header.stampMs > state.now) {
      state.now = header.stampMs
      state.deadlines.pass(state.now, state.arrived)
    }
    state.dedupe.expire(state.now)
    state.requests.expire(state.now)
    state.ended.expire(state.now)
    this.#part?.begin(state.now)
    const view = viewOf(data)
    const replies: Reply[] = []
    let at = ENTRY_HEADER_BYTES
    for (let i = 0; i < header.commandCount; i++) {
      const end = commandEnd(view, at)
      if (end === undefined) {
        replies.push(refused('BAD_REQUEST', 'the entry ends inside a command'))
        break
      }
      replies.push(this.#applyCommand(view, at, end, position))
      at = end
    }
    return replies
  }

  /** Applies the command in `[start, end)` of an entry, or has it applied by the part that it belongs to. */
  #applyCommand(entry: DataView, start: number, end: number, position: LogPosition): Reply {
    const { state } = this
    const kind = entry.getUint8(start)
    const body = start + COMMAND_HEADER_BYTES
    if (kind === COMMAND_KINDS.send) return send(state, entry, body, end, position)
    if (!isKnownKind(kind)) {
      assert(this.#part !== null, 'a command of another machine was known')
      return { type: 'part', reply: this.#part.apply(kind, entry, body, end, position, state.now) }
    }
    const bytes = new Uint8Array(entry.buffer, entry.byteOffset + body, end - body)
    return applyBytes(state, kind, entry.getUint8(start + 1), bytes, position + body)
  }
}

function applyBytes(
  state: MachineState,
  kind: number,
  version: number,
  body: Uint8Array,
  position: number,
): Reply {
  let command: Command
  try {
    command = decodeCommand(kind, version, body)
  } catch (error) {
    if (error instanceof BytesError) return refused('BAD_REQUEST', error.message)
    throw error
  }
  return applyCommand(state, command, position)
}

/** `position` is where the command's body stands in the log. */
function applyCommand(state: MachineState, command: Command, position: number): Reply {
  switch (command.type) {
    case 'createTopic':
      return createTopic(state, command)
    case 'deleteTopic':
      return deleteTopic(state, command)
    case 'createGroup':
      return createGroup(state, command)
    case 'deleteGroup':
      return deleteGroup(state, command)
    case 'updateTopic':
      return updateTopic(state, command)
    case 'contact':
      return contact(state, command)
    case 'claim':
      return claim(state, command)
    case 'claimInOrder':
      return claimInOrder(state, command)
    case 'ack':
      return ack(state, command)
    case 'changeInvisible':
      return changeInvisible(state, command)
    case 'release':
      return release(state, command)
    case 'releaseClient':
      return releaseClient(state, command)
    case 'renew':
      return renew(state, command)
    case 'deadLetter':
      return deadLetter(state, command)
    case 'advance':
      return { type: 'done' }
    case 'floor':
      return floor(state, command)
    case 'trim':
      return trim(state, command)
    case 'moveUp':
      return moveUp(state, command, position)
    case 'dropPages':
      return dropPages(state, command)
    case 'fire':
      return fire(state, command)
    case 'recall':
      return recall(state, command)
    case 'moveTimers':
      return moveTimers(state, command, position)
    case 'updateOffset':
      return updateOffset(state, command)
    case 'forwardDead':
      return forwardDead(state, command)
    case 'resetOffsets':
      return resetOffsets(state, command)
    case 'redrive':
      return redrive(state, command)
    case 'updateGroup':
      return updateGroup(state, command)
    case 'leaveTopic':
      return leaveTopic(state, command)
    case 'claimRepeat':
      return claimRepeat(state, command)
    case 'endTransaction':
      return endTransaction(state, command, position)
    case 'checkTransactions':
      return checkTransactions(state, command)
    case 'moveTransactions':
      return moveTransactions(state, command, position)
    case 'send':
      return refused('BAD_REQUEST', 'a send is applied where it stands')
    default:
      return unreachable(command)
  }
}
