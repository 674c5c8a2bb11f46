/** Bugs of the broker's state machine, where commands are applied. */
import { mutantsOf } from './mutant.ts'

export const BROKER_MUTANTS = [
  ...mutantsOf('broker/machine/send.ts', 'broker', [
    ['stores a repeat again', 'if (slot >= 0)', 'if (slot < -1)'],
    ['lets a message wait that is due', '} else if (dueMs > now) {', '} else if (dueMs > 0) {'],
  ]),
  ...mutantsOf('broker/machine/pop.ts', 'broker', [
    ['claims from a cursor that has moved', 'consumer.cursor !== start ||', ''],
    ['hands out what is held', 'held.visibleAt > state.now || held.exhausted ||', 'held.exhausted ||'],
    ['takes acks of older deliveries', 'held.delivery === delivery.attempt && held', 'held'],
    [
      'forgets the row of a cursor',
      'consumer.cursor = end\n  state.rows.touch(consumer)',
      'consumer.cursor = end',
    ],
    [
      'does not know a repeated claim',
      'state.requests.find(command.request, COMMAND_KINDS.claim, state.now) >= 0',
      'state.now < 0',
    ],
  ]),
  ...mutantsOf('broker/machine/order.ts', null, [
    [
      'hands out of a lane that a receiver holds',
      '!lane.isReady(state.now) || messages.length === 0',
      'false',
    ],
    ['lets a new message pass those that wait', ' || lane.parked.count > 0) return false', ') return false'],
    ['takes for exhausted what was acked', 'owed.repeat = true', 'owed.repeat = false'],
    ['forgets the row of what is owed', 'turn.state.rows.touch(owed)', ''],
  ]),
  ...mutantsOf('broker/machine/holding.ts', null, [
    ['commits past what is not acked', 'first?.acked === true; first', 'first !== undefined; first'],
  ]),
  ...mutantsOf('broker/machine/lane.ts', null, [
    [
      'hands out while one of the batch is held',
      '!message.acked && message.visibleAt >',
      'message.acked && message.visibleAt >',
    ],
  ]),
  ...mutantsOf('broker/order-planner.ts', null, [
    ['looks at queues one after the other', 'head.position < earliest.head.position', 'head.position < 0'],
  ]),
  ...mutantsOf('broker/machine/timer-commands.ts', 'broker', [
    ['fires before the time', 'timer.dueMs > now || ', ''],
    ['fires again', 'timers.remove(timer)\n    if (topic', 'if (topic'],
    ['recalls what is due', "if (timer.dueMs <= now) return refused('ILLEGAL_OPERATION', TOO_LATE)", ''],
    ['fires from below the rising floor', ' || timer.position < state.rising', ''],
  ]),
  ...mutantsOf('broker/machine/timers.ts', 'broker', [
    ['gives a number twice after a restart', 'this.#rows.touch(this.#ends)', ''],
    ['takes any row for the timer', 'this.#sums.get(timer.id) === crcOf(timer)', 'this.has(timer.id)'],
  ]),
  ...mutantsOf('broker/machine/consume-queue.ts', 'broker', [
    ['forgets a full page before it was handed out', 'this.#keepFull(page)', ''],
  ]),
  ...mutantsOf('broker/machine/transactions.ts', 'broker', [
    [
      'forgets how a transaction ended',
      'ended.remember(transaction, topicId, { resolution, ...place }, now)',
      '',
    ],
    [
      'lets a transaction end otherwise',
      'if (known.resolution === resolution) return',
      'if (known.resolution) return',
    ],
    ['commits what is rolled back', "if (resolution === 'commit') {", 'if (state.now >= 0) {'],
    [
      'forgets the row of a check',
      'else state.transactions.checked(open, nextAt)\n    state.rows.touch(open)',
      'else state.transactions.checked(open, nextAt)',
    ],
    ['counts a check twice', ' || open.checks !== checks', ''],
    ['commits from below the rising floor', ' || open.position < state.rising', ''],
  ]),
  ...mutantsOf('broker/machine/floor.ts', 'broker', [
    ['passes a half message', 'neededByTransactions(state) ?? state.rising,', 'state.rising,'],
  ]),
  ...mutantsOf('broker/machine/pull-offsets.ts', null, [
    [
      'brings an offset of before back',
      'if (state.requests.find(command.request, kind, state.now) >= 0) return DONE',
      '',
    ],
    [
      'forgets the row of a stored offset',
      'stored.storedAt = state.now\n  state.rows.touch(stored)',
      'stored.storedAt = state.now',
    ],
  ]),
  ...mutantsOf('broker/machine/reset-offsets.ts', null, [
    ['lets receipts of before a reset count', 'resets: before.resets + 1', 'resets: before.resets'],
    [
      'keeps what is in flight through a reset',
      'if (consumer !== undefined) endConsumer(state, consumer)',
      '',
    ],
    ['writes a key twice', 'state.rows.expectKeysAgain()', ''],
  ]),
  ...mutantsOf('broker/machine/redrive.ts', null, [
    [
      'redrives a part again',
      'if (queue.minOffset !== command.start) return',
      'if (queue.minOffset < 0) return',
    ],
    [
      'leaves what was redriven',
      'if (next > command.start) trimQueue',
      'if (next < command.start) trimQueue',
    ],
  ]),
  ...mutantsOf('broker/machine/dead-letters.ts', null, [
    [
      'buries from below the rising floor',
      "if (pointer.position < state.rising) return refused('BUSY', 'the message is being moved; try again')",
      '',
    ],
    [
      'refuses what is dead already',
      'valid = held !== undefined || (isOver && isOfNow(consumer, receipt))',
      'valid = held !== undefined',
    ],
  ]),
  ...mutantsOf('broker/machine/floor.ts', null, [
    [
      'does not count what a group misses',
      'consumer.missed += min - consumer.cursor',
      'consumer.missed += 0',
    ],
  ]),
  ...mutantsOf('broker/machine/machine.ts', 'broker', [
    ['lets no remembered message go by log time', 'state.dedupe.expire(state.now)', '', 54],
    ['lets log time go back', 'if (header.stampMs > state.now)', 'if (header.stampMs > 0)', 55],
  ]),
]
