/** Bugs of the log service: recovery, repair, the lanes, proposals and the way of frames. */
import { mutantsOf } from './mutant.ts'

export const SERVICE_MUTANTS = [
  ...mutantsOf('dledger/log-recovery.ts', 'node', [
    ['cuts what was durable as a torn tail', 'if (position < mark.position)', 'if (position < 0)'],
    ['cuts a segment that another one follows', 'segment < this.#files.count - 1', 'segment < 0'],
    ['cuts more than one write', 'behind > shape.writeBytesMax', 'behind < 0'],
    [
      'takes a log that ends below its mark',
      'end < mark.position || lastIndex < committedIndex',
      'lastIndex < committedIndex',
    ],
    [
      'takes a log that lacks what was applied',
      'end < mark.position || lastIndex < committedIndex',
      'end < mark.position',
    ],
    [
      'takes what only looks written for durable',
      'await writeAgain(this.#files, mark.position, this.#index.end, shape.segmentBytes)',
      '',
    ],
    ['leaves a torn tail on the disk', 'await this.#files.truncate(this.#index.end)', ''],
    ['cuts a tail and forgets that it may have been durable', 'await doubt.raise(term)', ''],
  ]),
  ...mutantsOf('dledger/log-scan.ts', null, [
    [
      'does not see that a segment is missing',
      'if (left <= 0) return undefined',
      'if (left !== 1) return undefined',
    ],
    [
      'gives a bad sector up with all around it',
      'Math.max(SMALL_BYTES, needed)',
      'Math.max(SCAN_BYTES, needed)',
    ],
  ]),
  ...mutantsOf('dledger/hole-filler.ts', 'node', [
    [
      'takes uncommitted records of a peer for right',
      'records.filter((record) => record.index <= commitIndex)',
      'records.filter((record) => record.index > 0)',
    ],
    ['does not compare a repair with what follows it', '&& parsed.header.chain === record.headerCrc', ''],
    ['cuts its log for what a peer has not committed', '&& first <= fetched.commitIndex', ''],
  ]),
  ...mutantsOf('dledger/record-repair.ts', null, [
    [
      'repairs with another record',
      "check.type === 'ok' && check.header.headerCrc === known.headerCrcOf(index)",
      "check.type !== 'torn'",
    ],
    ['repairs what may be cut meanwhile', 'index <= this.#options.committedIndex() && ', ''],
    [
      'does not read again what it repaired',
      'return (await this.#damageOf(index)) === undefined',
      'return true',
    ],
  ]),
  ...mutantsOf('dledger/log-server.ts', null, [
    ['gives a peer what is not durable here', 'first > durableIndex)', 'first > log.index.lastIndex)'],
  ]),
  ...mutantsOf('dledger/continuity.ts', 'node', [
    ['adopts records of another history', 'record.chain !== chain ||', ''],
  ]),
  ...mutantsOf('dledger/log-store.ts', 'node', [
    [
      'reads from the disk what is cut already',
      'for (const cut of this.#cuts) end = Math.min(end, cut.position)',
      '',
    ],
    [
      'drops from memory what the disk does not hold',
      'this.#cache.shrink(this.#safeEnd())',
      'this.#cache.shrink(this.#index.end)',
    ],
    ['keeps old records in memory over a cut', 'this.#reader.noteCut(truncateFrom)', ''],
    [
      'swallows a failed write',
      "throw this.#failStop.fail('a write', error)",
      "this.#failStop.fail('a write', error)",
    ],
    ['leaves the mark where it was after recovery', 'await mark.set(index.end)', ''],
  ]),
  ...mutantsOf('dledger/log-reader.ts', null, [
    [
      'hands on records that are whole but not the ones that were written',
      '&& check.header.headerCrc === wanted.headerCrc',
      '',
    ],
    [
      'keeps a record that was cut while it was read',
      'if (this.#cutCount === cutsBefore) this.#cache.put(index, bytes)',
      'this.#cache.put(index, bytes)',
    ],
  ]),
  ...mutantsOf('dledger/tail-cache.ts', 'node', [
    ['never forgets', 'while (this.#bytes > this.#bytesMax)', 'while (this.#bytes < 0)'],
  ]),
  ...mutantsOf('dledger/fail-stop.ts', null, [['forgets that its disk failed', 'this.#failure = error', '']]),
  ...mutantsOf('dledger/write-lane.ts', 'node', [
    ['goes on writing after a failure', 'this.#failed = true', '', 2],
    ['confirms a write before it is done', 'await this.#execute(group)', 'void this.#execute(group)'],
    [
      'saves the first of several terms',
      'hardState = write.hardState ?? hardState',
      'hardState = hardState ?? write.hardState',
    ],
  ]),
  ...mutantsOf('dledger/apply-lane.ts', 'node', [
    [
      'applies beside a read that is under way',
      'if (!this.#waiting && this.#machine.appliedIndex < index)',
      'if (this.#machine.appliedIndex < index)',
    ],
    ['never gives the loop back', 'if (this.#clock.mono() > end)', 'if (this.#clock.mono() < 0)'],
  ]),
  ...mutantsOf('dledger/table-store.ts', 'node', [
    [
      'writes rows and applied index apart',
      'await this.#kv.batch(rows)',
      'for (const row of rows) await this.#kv.batch([row])',
      57,
    ],
    ['reads a row below one on its way', 'if (changedMeanwhile !== undefined) return changedMeanwhile', ''],
  ]),
  ...mutantsOf('dledger/proposals.ts', 'node', [
    [
      'says that nothing happened to what may still commit',
      "'leadership was lost before the entry committed', 'unknown'",
      "'leadership was lost before the entry committed', 'none'",
      29,
    ],
    ['answers a caller with the reply of another entry', 'if (entry.term !== term)', 'if (entry.term < 0)'],
    ['does not count what waits in the log', 'this.#appendedBytes += bytesOf(batch.callers)', ''],
  ]),
  ...mutantsOf('dledger/server.ts', null, [
    [
      'takes any number of bytes without a majority',
      'command.size > UNCOMMITTED_BYTES_MAX',
      'command.size < 0',
      33,
    ],
    ['serves before older terms are applied', '&& applied >= this.#serveFrom', ''],
    [
      'goes on as a leader that it was',
      "wasLeader && (change.role !== 'leader' || !sameTerm)",
      'wasLeader && !sameTerm',
    ],
  ]),
  ...mutantsOf('dledger/incoming.ts', null, [
    ['takes an append with records missing', 'if (accepted.records.length !== count)', 'if (count < 0)'],
  ]),
  ...mutantsOf('dledger/floor-keeper.ts', null, [
    ['removes segments before the tables are on the disk', 'await tables.flushDurably()', '', 45],
  ]),
  ...mutantsOf('dledger/segment-index.ts', null, [
    [
      'skips the checksum of the index of a segment',
      '!== crc32(content)) return undefined',
      '< 0) return undefined',
    ],
  ]),
  ...mutantsOf('dledger/peer-sender.ts', null, [
    ['says nothing of an append that it could not read', 'this.#unread(to)', '', 31],
    [
      'lets messages overtake an append that is being read',
      'if (behind === undefined) this.#sendNow(to, message)',
      'if (behind === undefined || to > 0) this.#sendNow(to, message)',
    ],
  ]),
  ...mutantsOf('dledger/peers/greeting-codec.ts', null, [
    [
      'lets a member of another cluster in',
      'if (hello.clusterId !== rules.clusterId)',
      'if (hello.clusterId === null)',
      35,
    ],
  ]),
  ...mutantsOf('dledger/peers/frame-codec.ts', null, [
    [
      'hands on a frame that was changed on its way',
      'if (crc32(covered) !== this.#bodyCrc)',
      'if (crc32(covered) < 0)',
    ],
    [
      'takes the frames of any link',
      'this.#link !== null && this.#frameLink !== this.#link',
      'this.#frameLink < 0',
    ],
    ['begins a message with the rest of another', 'this.#bodyFill = 0\n    return', 'return', 59],
  ]),
]
