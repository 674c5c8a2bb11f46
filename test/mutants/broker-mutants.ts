/** Bugs of the broker's state machine, where commands are applied. */
import { mutantsOf } from './mutant.ts'

export const BROKER_MUTANTS = [
  ...mutantsOf('broker/machine/send.ts', 'broker', [
    ['stores a repeat again', 'if (slot >= 0)', 'if (slot < -1)'],
  ]),
  ...mutantsOf('broker/machine/pop.ts', 'broker', [
    ['claims from a cursor that has moved', 'consumer.cursor !== start ||', ''],
    ['hands out what is held', 'held.visibleAt > state.now || held.exhausted ||', 'held.exhausted ||'],
    ['takes acks of older deliveries', 'held.attempt === delivery.attempt && held', 'held'],
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
  ...mutantsOf('broker/machine/machine.ts', 'broker', [
    ['lets no remembered message go by log time', 'state.dedupe.expire(state.now)', '', 54],
    ['lets log time go back', 'if (header.stampMs > state.now)', 'if (header.stampMs > 0)', 55],
  ]),
]
