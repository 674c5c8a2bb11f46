/** Bugs of the files of a member: term and vote, records, segments, the synced mark, the layer of the disk. */
import { mutantsOf } from './mutant.ts'

export const FILES_MUTANTS = [
  ...mutantsOf('dledger/meta-store.ts', 'node', [
    [
      'does not sync term and vote',
      'await writeSlot(file, META_MAGIC, number, slot)\n    await file.sync()',
      'await writeSlot(file, META_MAGIC, number, slot)',
      1,
    ],
    [
      'writes term and vote to one slot only',
      'for (const number of [first, otherSlot(first)])',
      'for (const number of [first])',
      3,
    ],
    [
      'starts as if new when term and vote are damaged',
      'const found = await readSlots(file, META_MAGIC)',
      'const found = (await readSlots(file, META_MAGIC)) ?? { newest: { sequence: 1, first: 0, second: 0 }, number: 0, other: undefined }',
      4,
    ],
    ['takes term and vote from the page cache', 'await saveBoth(file, renewed, otherSlot(number))', ''],
    [
      'swallows a failed save of term and vote',
      "throw this.#failStop.fail('saving term and vote', error)",
      "this.#failStop.fail('saving term and vote', error)",
    ],
    ['makes a new member over an old vote', 'found !== undefined && found.first !== 0', 'found === null'],
  ]),
  ...mutantsOf('dledger/slot-pair.ts', null, [
    [
      'reads a slot without its checksum',
      'if (view.getUint32(at + CRC_AT) !== crc32(bytes.subarray(at, at + CRC_AT))) return undefined',
      '',
    ],
    ['takes the older of two slots', 'left.sequence >= right.sequence', 'left.sequence <= right.sequence'],
  ]),
  ...mutantsOf('dledger/synced-mark.ts', 'node', [
    ['writes the mark to one slot for ever', 'this.#slot = otherSlot(this.#slot)', ''],
    ['sets the mark in one slot only', 'for (let i = 0; i < 2; i++)', 'for (let i = 0; i < 1; i++)'],
    ['goes on when the mark cannot be written', "this.#failStop.fail('writing the synced mark', error)", ''],
    ['never writes the mark by itself', 'if (this.#underWay === undefined) this.#arm()', ''],
  ]),
  ...mutantsOf('dledger/record-codec.ts', null, [
    ['skips the checksum of a body', 'crc32(body) === header.bodyCrc ?', 'crc32(body) >= 0 ?'],
    [
      'skips the checksum of a header',
      "if (crc32(bytes.subarray(at, at + HEADER_CRC_AT)) !== headerCrc) return bad('its header checksum is wrong')",
      '',
    ],
    ['takes a record of another history', 'header.chain !== expected.chain', 'header.chain < 0'],
    ['takes a record made for another place', 'header.position !== expected.position', 'header.position < 0'],
    ['takes a record of another index', 'header.index !== expected.index', 'header.index < 0'],
    ['lets terms go down along the log', 'header.term < expected.termMin', 'header.term < 0'],
    ['takes half a record for damage', 'at + header.length > bytes.byteLength', 'at > bytes.byteLength'],
  ]),
  ...mutantsOf('dledger/record-run.ts', null, [
    [
      'takes records of any size from a peer',
      'parsed.header.length > recordBytesMax',
      'parsed.header.length < 0',
    ],
    ['does not join the records of a run', 'chain: before.chain,', 'chain: parsed.header.chain,'],
  ]),
  ...mutantsOf('dledger/segment.ts', 'node', [
    ['does not sync what it appends', 'await existing.sync()', '', 58],
    [
      'does not sync the name of a new segment',
      'await file.write(chunks, offset)\n    await file.sync()\n    await this.#disk.syncFolder(LOG_FOLDER)',
      'await file.write(chunks, offset)\n    await file.sync()',
    ],
    [
      'starts a segment too early',
      'used + length <= segmentBytes ? end',
      'used + length < segmentBytes ? end',
    ],
    [
      'leaves an empty segment behind a cut',
      'Math.ceil(end / this.#shape.segmentBytes)',
      'Math.floor(end / this.#shape.segmentBytes) + 1',
    ],
    [
      'shortens a file in one step',
      'const step = this.#shape.writeBytesMax - this.#shape.recordBytesMax',
      'const step = this.#shape.segmentBytes',
    ],
    [
      'does not sync a repair',
      'await file.write([bytes], position - start)\n      await file.sync()',
      'await file.write([bytes], position - start)',
    ],
  ]),
  ...mutantsOf('dledger/disk-log.ts', 'node', [
    ['cuts the log before its mark goes down', 'await this.#mark.set(position)', ''],
    [
      'writes a record that was cut again',
      '(records.at(-1)?.position ?? -1) >= cut.position',
      '(records.at(-1)?.position ?? -1) > cut.position',
    ],
    [
      'cuts where the first cut was, not the lowest',
      'cutAt === null || cut.position < cutAt',
      'cutAt === null',
    ],
    [
      'writes over the end of a segment',
      'const rolls = position % segmentBytes === 0',
      'const rolls = false',
    ],
    ['makes one write of any size', 'rolls || end - start + size > writeBytesMax', 'rolls'],
    ['never moves the mark on', 'this.#mark.advance(this.#end)', ''],
    ['serves from the disk what is being cut', 'this.#end = position\n    await', 'await'],
  ]),
  ...mutantsOf('dledger/log-index.ts', null, [
    [
      'ends a cut one record too early',
      'part.used = part.offsets[left] as number',
      'part.used = part.offsets[left - 1] as number',
    ],
    ['keeps the term of an entry that was cut', '?.first ?? 0) >= index)', '?.first ?? 0) > index)'],
    ['looks one record behind', 'if (keyAt(middle) <= wanted)', 'if (keyAt(middle) < wanted)'],
  ]),
  ...mutantsOf('dledger/doubt-file.ts', null, [
    [
      'takes a doubt that it cannot read for none',
      'slot === undefined ? current : term(slot.first)',
      'slot === undefined ? null : term(slot.first)',
    ],
    ['does not sync its doubt', 'await file.sync()', ''],
  ]),
  ...mutantsOf('dledger/identity-store.ts', null, [
    ['renames a file that is not on the disk yet', 'await file.sync()', '', 37],
    ['remembers a peer only in memory', 'await replaceFile(this.#disk, identity)', ''],
    [
      'takes a member whose folder was emptied',
      'known !== undefined && known.folderId !== start.folderId',
      'known !== undefined && known.folderId === peer.toString()',
    ],
    ['does not count its starts', 'startCount: identity.startCount + 1', 'startCount: identity.startCount'],
    ['takes an old copy of a folder', 'return start.startCount < known.startCount', 'return false'],
  ]),
  ...mutantsOf('store/real-clock.ts', null, [
    ['takes the time of day for monotonic time', 'return performance.now()', 'return Date.now()', 17],
  ]),
  ...mutantsOf('store/read-fully.ts', null, [
    ['takes a short read for the end', 'done += count', 'return into.subarray(0, done + count)'],
  ]),
  ...mutantsOf('store/write-fully.ts', null, [
    ['writes the rest of a short write to the same place', 'at += bytesWritten', ''],
    ['gives a write the wrong rest', 'skip -= chunk.byteLength', ''],
  ]),
  ...mutantsOf('store/node-disk.ts', null, [
    ['lets a path leave its folder', "&& !path.split('/').includes('..')", ''],
  ]),
  ...mutantsOf('store/folder-lock.ts', null, [
    ['mistakes another process for the owner', 'return now.started === owner.started', 'return true'],
    [
      'does not see a process that was faster',
      'if ((await highestLock(folder)) !== number)',
      'if (number === 0)',
    ],
  ]),
  ...mutantsOf('store/level-kv.ts', null, [
    ['scans past the end', 'lt: end,', 'lte: end,'],
    [
      'writes instead of deleting',
      "({ type: 'del', key } as const)",
      "({ type: 'put', key, value: new Uint8Array(0) } as const)",
    ],
  ]),
  ...mutantsOf('store/semaphore.ts', null, [
    ['loses a place with each call that waited', 'else next()', 'else this.#waiting.unshift(next)'],
  ]),
  ...mutantsOf('dledger/state/incoming-state.ts', 'node', [
    [
      'takes a state whose rows give another digest',
      'if (index !== head.index || digest !== head.digest) {',
      'if (index !== head.index) {',
    ],
    ['takes a state whose log is another one', 'parsed.header.headerCrc === head.chain', 'true'],
    ['does not sync the rows of a state', 'await this.#rows.sync()\n', ''],
    [
      'goes on with the rows of another state',
      'await this.#rows.clear()\n      await this.#writeHead(offered)',
      'await this.#writeHead(offered)',
    ],
  ]),
  ...mutantsOf('dledger/state/state-install.ts', 'node', [
    [
      'forgets that a state is taken before it is in its place',
      'await disk.syncFolder(LOG_FOLDER)\n  await disk.rename(TAKEN_PATH, MOVING_PATH)',
      'await disk.remove(TAKEN_PATH)\n  await disk.rename(TAKEN_PATH, MOVING_PATH)',
    ],
    ['leaves rows of the old state in the tables', '({ key, value: null })', '({ key, value: key })'],
    ['does not sync the tables of a state', '  await kv.sync()\n', ''],
  ]),
  ...mutantsOf('dledger/state/frozen-state.ts', 'node', [
    ['holds nothing of what it sends', 'this.#held.add(hold)', ''],
  ]),
  ...mutantsOf('dledger/state/state-receiver.ts', 'node', [
    ['removes a state that the core has decided for', 'if (this.#isTaken) throw', 'if (false) throw'],
  ]),
]
