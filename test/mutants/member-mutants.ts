/** Bugs of who belongs to the group: configurations in the log, admission, and changes of the members. */
import { mutantsOf } from './mutant.ts'

export const MEMBER_MUTANTS = [
  ...mutantsOf('dledger/log-index.ts', null, [
    [
      'remembers the configuration of a record that was cut',
      'while ((this.#configurations.at(-1)?.index ?? 0) >= index) this.#configurations.pop()',
      '',
    ],
    [
      'forgets who belongs to the group with the segment that told it',
      'configuration: this.#configurations.findLast(({ index }) => index <= before) ?? null',
      'configuration: null',
    ],
  ]),
  ...mutantsOf('dledger/log-store.ts', null, [
    [
      'gives the machine a configuration for commands',
      'if (this.isConfiguration(index)) return NO_COMMANDS',
      '',
    ],
  ]),
  ...mutantsOf('dledger/known-members.ts', null, [
    ['lets in who was removed', "return isSure ? 'removed' : 'stranger'", "return 'newcomer'"],
    [
      'removes for good on the word of a peer',
      'this.#isCommitted && this.#heard === null',
      'this.#isCommitted',
    ],
  ]),
  ...mutantsOf('member/peers-judge.ts', null, [
    [
      'lets in another folder than the member joined with',
      "if (folder === '' || folder === folderId) return null",
      'return null',
    ],
  ]),
  ...mutantsOf('member/member-changes.ts', null, [
    ['gives the id of a member twice', 'if (id <= highestId) {', 'if (id < 1) {'],
    ['removes whom the others cannot do without', 'this.#checkAlive(target.voters)', ''],
    ['makes no voter of a learner that a former leader added', 'if (leading) this.#lookLater()', ''],
  ]),
]
