/** Bugs of the consensus core. */
import { mutantsOf } from './mutant.ts'

export const RAFT_MUTANTS = [
  ...mutantsOf('raft/leader.ts', 'log', [
    ['commits an older term by counting', '&& core.log.termAt(logIndex(index)) === core.term', '', 26],
    [
      'counts itself before its disk',
      'voter === core.id ? durableIndex',
      'voter === core.id ? core.log.lastIndex',
      27,
    ],
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
    [
      'asks for votes before its disk',
      'sendWhenDurable(peer, message, false)',
      'sendWhenDurable(peer, message, true)',
    ],
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
    ['listens to itself', 'if (from === core.id) return', '', 36],
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
      "if (message.type === 'vote' && !message.transfer && isInContact(core)) return",
      '',
      13,
    ],
  ]),
  ...mutantsOf('raft/quorum.ts', 'log', [
    ['believes the last of several answers of a voter', 'if (this.#votes.has(voter)) return', '', 7],
    ['takes any answer for a vote', 'granted ? yes :', 'voter > 0 ? yes :'],
    [
      'takes less than half of the voters for a majority',
      'Math.floor(voterCount / 2) + 1',
      'Math.floor(voterCount / 2)',
    ],
    ['takes a vote in doubt for any other', 'const yes = inDoubt ?', 'const yes = voter < 0 ?'],
    ['starts no group whose every tail is torn', '|| granted + inDoubt === voters.length', ''],
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
    ['keeps a configuration that was cut', 'this.membership.truncateFrom(index)', '', 47],
    [
      'keeps the members of the log that a state replaces',
      'this.membership.reset({ index, configuration })',
      '',
    ],
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
    ['counts a state before its disk', 'this.#durableIndex = floor', ''],
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
      'logIndex(Math.max(after, this.#behindState))',
      'logIndex(Math.max(after + 1, this.#behindState))',
    ],
    [
      'takes a state that did not arrive for one that did',
      'this.#behindState = ok ? index + 1 : 0',
      'this.#behindState = index + 1',
      42,
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
    [
      'takes what it has forgotten for another log',
      'if (index < this.base.index) return true',
      'if (index < this.base.index) return false',
    ],
  ]),
  ...mutantsOf('raft/quorum.ts', 'log', [
    [
      'lets the new voters alone commit a change',
      'return Math.min(incoming, majorityReached(configuration.votersOutgoing.map(reachedBy)))',
      'return incoming',
    ],
    [
      'lets the new voters alone elect during a change',
      "return incoming === 'won' ? outgoing : 'open'",
      'return incoming',
    ],
  ]),
  ...mutantsOf('raft/change.ts', 'log', [
    [
      'never leaves the old voters',
      'if (!isJoint(current) || latest.index > core.commitIndex) return',
      'if (core.term > 0) return',
    ],
    [
      'goes on leading a group that it left',
      "core.becomeFollower(core.term, 0, 'this node was removed')",
      '',
      48,
    ],
    [
      'makes two changes at a time',
      'if (isJoint(current) || latest.index > core.commitIndex)',
      'if (core.term < 0)',
      46,
    ],
  ]),
  ...mutantsOf('raft/transfer.ts', 'log', [
    ['takes no proposals any more after a hand-over that failed', 'leading.transfer = null', '', 50],
  ]),
  ...mutantsOf('raft/read-index.ts', 'log', [
    ['lets reads go without asking', 'if (answered < asking.round) return', '', 52],
    [
      'reads before its term has committed',
      'if (core.log.termAt(core.commitIndex) !== core.term) return',
      '',
      51,
    ],
  ]),
  ...mutantsOf('raft/snapshot.ts', 'log', [
    [
      'drops its log for a state that it matches',
      'if (core.log.matches(mark.index, mark.term))',
      'if (core.term < 0)',
      38,
    ],
    ['takes a state that is behind', 'if (mark.index > core.commitIndex)', 'if (mark.index > 0)', 39],
    ['never offers a state', 'if (!progress.mustRestore(base.index))', 'if (base.index >= 0)', 43],
  ]),
]
