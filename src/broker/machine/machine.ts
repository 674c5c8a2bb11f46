import type { LogIndex, Millis, QueueOffset } from '../../base/brand.ts'
import type { KvWrite } from '../../base/ports.ts'
import type { EntryMeta, MachineDigests, StateMachine } from '../../base/state-machine.ts'
import type { GroupId, Pointer, QueueNumber, Reply, TopicId } from './commands.ts'
import type { MachineLoader } from './loader.ts'
import type {
  ClaimView,
  ConsumerView,
  Effects,
  GroupView,
  MachineView,
  QueueView,
  TopicView,
} from './view.ts'
function todo(): never {
  throw new Error('not written yet')
}
/** The broker as a pure function of committed entries. */
export class BrokerMachine implements StateMachine<Reply>, MachineView {
  /** Starts the rebuilding of a machine from its table rows. */
  static loader(): MachineLoader {
    return todo()
  }
  get appliedIndex(): LogIndex {
    return todo()
  }
  get now(): Millis {
    return todo()
  }
  apply(_meta: EntryMeta, _data: Uint8Array): readonly Reply[] {
    return todo()
  }
  drain(): KvWrite[] {
    return todo()
  }
  digests(): MachineDigests {
    return todo()
  }
  /** What happened since the last call, and forgets it. */
  takeEffects(): Effects {
    return todo()
  }
  topic(_name: string): TopicView | undefined {
    return todo()
  }
  topicById(_id: TopicId): TopicView | undefined {
    return todo()
  }
  topics(): Iterable<TopicView> {
    return todo()
  }
  group(_name: string): GroupView | undefined {
    return todo()
  }
  groupById(_id: GroupId): GroupView | undefined {
    return todo()
  }
  groups(): Iterable<GroupView> {
    return todo()
  }
  queue(_queue: QueueNumber): QueueView | undefined {
    return todo()
  }
  consumer(_groupId: GroupId, _queue: QueueNumber): ConsumerView | undefined {
    return todo()
  }
  visibleClaims(_groupId: GroupId, _queue: QueueNumber, _now: Millis, _max: number): readonly ClaimView[] {
    return todo()
  }
  nextDeadline(_after: Millis): Millis | undefined {
    return todo()
  }
  renewable(_time: Millis, _max: number): readonly ClaimView[] {
    return todo()
  }
  exhausted(_now: Millis, _max: number): readonly ClaimView[] {
    return todo()
  }
  pointerInMemory(_queue: QueueNumber, _offset: QueueOffset): Pointer | undefined {
    return todo()
  }
  pageKey(_queue: QueueNumber, _offset: QueueOffset): Uint8Array {
    return todo()
  }
  pointerInPage(_page: Uint8Array, _offset: QueueOffset): Pointer | undefined {
    return todo()
  }
  dedupeWindow(): { readonly ids: number; readonly oldestAgeMs: Millis; readonly conflicts: number } {
    return todo()
  }
}
