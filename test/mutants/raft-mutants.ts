/** Bugs of the consensus core. */
import { mutantsOf } from './mutant.ts'

export const RAFT_MUTANTS = [
  ...mutantsOf('raft/leader.ts', 'log', [
    ['commits an older term by counting', '&& core.log.termAt(index) === core.term', '', 26],
    ['counts itself before its disk', '[core.durability.durableIndex]', '[core.log.lastIndex]', 27],
    ['sends no heartbeats', 'leading.heartbeatDue = true', ''],
    [
      'counts answers of older terms',
      'progress === undefined || message.term !== core.term',
      'progress === undefined',
      28,
    ],
    ['leads on when nobody answers', 'if (!hearsMajority(core, leading))', 'if (false)', 14],
    ['leads on while its disk stands still', 'core.isDiskStalled(options.electionTicksMax)', 'false', 15],
    ['takes an answer about entries that are not there', '|| message.index > log.lastIndex', ''],
  ]),
  ...mutantsOf('raft/follower.ts', 'log', [
    ['acknowledges before its disk', 'return durable < verified ? durable : verified', 'return verified', 24],
    [
      'acknowledges what no leader verified',
      'return durable < verified ? durable : verified',
      'return durable',
    ],
    ['acknowledges before its term is durable', '|| !core.hardStateDurable', ''],
    [
      'commits as far as its own log',
      'message.commitIndex < verified ? message.commitIndex : verified',
      'message.commitIndex < core.log.lastIndex ? message.commitIndex : core.log.lastIndex',
      21,
    ],
    [
      'lets the commit index go back',
      'if (commit > core.commitIndex) core.commitTo(commit)',
      'core.commitTo(commit)',
      22,
    ],
    [
      'cuts without a conflict',
      'if (!core.log.matches(entry.index, entry.term)) break',
      'if (entry.index > 0) break',
      19,
    ],
    [
      'skips the check of the entry before',
      '!log.matches(message.prevIndex, message.prevTerm)',
      'message.prevIndex > log.lastIndex',
    ],
    [
      'leads its leader back one entry at a time',
      'const hintIndex = meet < core.commitIndex ? core.commitIndex : meet',
      'const hintIndex = logIndex(Math.max(meet, message.prevIndex - 1, 0))',
      34,
    ],
  ]),
  ...mutantsOf('raft/election.ts', 'log', [
    [
      'votes before its disk',
      'sendWhenDurable(from, reply, core.hardStateDurable)',
      'sendWhenDurable(from, reply, true)',
    ],
    ['asks for votes before its disk', 'lastIndex, lastTerm }, false)', 'lastIndex, lastTerm }, true)'],
    [
      'votes for a shorter log',
      'message.term === core.term && free && core.log.isUpToDate(message.lastIndex, message.lastTerm)',
      'message.term === core.term && free',
      5,
    ],
    [
      'votes twice in a term',
      'core.votedFor === from || (',
      'core.votedFor === from || core.leader === 0 || (',
      8,
    ],
    ['refuses its vote to who has it already', 'core.votedFor === from || (', '(', 6],
    [
      'votes while it asks for pre-votes, and goes on asking',
      "core.becomeFollower(core.term, 0, 'another node got the vote')",
      '',
    ],
    ['counts votes of older terms', '|| message.term !== core.term) return', ') return', 9],
    [
      'waits anew for an election after every pre-vote',
      'const term = granted ? message.term : core.term',
      'const term = granted ? message.term : core.term\n  core.resetElection()',
      11,
    ],
  ]),
  ...mutantsOf('raft/raft.ts', 'log', [
    ['listens to strangers and to itself', 'if (!core.peers.includes(from)) return', '', 36],
    [
      'goes back to the term of an older message',
      'message.term > core.term && showsTerm(message)',
      'message.term !== core.term && showsTerm(message)',
      10,
    ],
    [
      'learns no term from a refused pre-vote',
      "!(message.type === 'preVoteReply' && message.granted)",
      "message.type !== 'preVoteReply'",
      12,
    ],
    [
      'leaves a leader that it hears for any candidate',
      "if (message.type === 'vote' && isInContact(core)) return",
      '',
      13,
    ],
  ]),
  ...mutantsOf('raft/quorum.ts', 'log', [
    ['counts votes by message', 'if (this.#voters.has(voter)) return', '', 7],
    [
      'takes less than half of the voters for a majority',
      'Math.floor(voterCount / 2) + 1',
      'Math.floor(voterCount / 2)',
    ],
    ['takes a vote in doubt for any other', 'else if (inDoubt)', 'else if (false)'],
    [
      'starts no group whose every tail is torn',
      'this.#granted + this.#inDoubt === this.#voterCount',
      'false',
    ],
  ]),
  ...mutantsOf('raft/doubt.ts', 'log', [
    ['follows a leader that counts what was lost', 'core.term > core.doubtTerm', 'true'],
  ]),
  ...mutantsOf('raft/core.ts', 'log', [
    [
      'forgets its vote when it steps down',
      'if (led || leader !== 0) this.resetElection()',
      'this.#votedFor = 0\n    if (led || leader !== 0) this.resetElection()',
    ],
    [
      'applies before its disk',
      'return this.#commitIndex < durable ? this.#commitIndex : durable',
      'return this.#commitIndex',
      30,
    ],
    ['takes cut entries for durable', 'this.durability.cut(this.log.lastIndex, this.log.lastTerm)', ''],
    [
      'waits equally long for every election',
      'this.electionElapsed = 0\n    this.electionTicks = this.#drawElectionTicks()',
      'this.electionElapsed = 0',
      16,
    ],
    ['sends answers of an older term when its disk is done', 'this.out.dropHeld()', '', 60],
    [
      'cuts what is committed',
      "assert(index > this.#commitIndex, 'what is committed stays', { index, commit: this.#commitIndex })",
      '',
      20,
    ],
  ]),
  ...mutantsOf('raft/ready.ts', 'log', [
    ['does not write its term and vote', 'this.#hardStateChanged ? end.hardState : null', 'null'],
    ['does not cut on the disk', 'truncateFrom: this.#truncateFrom,', 'truncateFrom: null,'],
  ]),
  ...mutantsOf('raft/durability.ts', 'log', [
    [
      'lets late completions confirm what was cut',
      'if (write.confirms <= lastIndex) continue',
      'if (write.confirms >= 0) continue',
      25,
    ],
  ]),
  ...mutantsOf('raft/progress.ts', 'log', [
    [
      'does not lead back a peer that refuses',
      'this.#toProbe(logIndex(Math.max(meetIndex, this.#matchIndex) + 1))',
      '',
    ],
    [
      'asks a peer for the next place only',
      'this.#paused = false\n      this.#nextIndex = after\n',
      'this.#paused = false\n      this.#nextIndex = logIndex(after + 1)\n',
    ],
    [
      'believes an older answer that a peer has less',
      'if (index > this.#matchIndex) this.#matchIndex = index',
      'this.#matchIndex = index',
      23,
    ],
  ]),
  ...mutantsOf('raft/inflights.ts', 'log', [
    [
      'keeps the bytes of a window that was given up',
      'this.#count = 0\n    this.#bytes = 0',
      'this.#count = 0',
      32,
    ],
  ]),
  ...mutantsOf('raft/log.ts', 'log', [
    ['starts below the last term of its log', 'lastTerm > this.lastTerm', 'lastTerm >= 0'],
  ]),
]
