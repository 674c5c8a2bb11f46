import { expect, test } from 'vitest'
import type { LogIndex } from '../../src/base/brand.ts'
import { BrokerError } from '../../src/base/errors.ts'
import { KnownNames } from '../../src/broker/known-names.ts'
import { BrokerMachine } from '../../src/broker/machine/index.ts'
import { MessageReader } from '../../src/broker/message-reader.ts'
import type { ReplicatedLog } from '../../src/broker/replicated-log.ts'
import type { TableRows } from '../../src/dledger/table-store.ts'

/** A log whose leader is only sure that it leads when `readIndex` says so. */
class DoubtfulLog implements ReplicatedLog {
  leading = true
  readonly applied: LogIndex[] = []
  readIndex: () => Promise<LogIndex> = () => Promise.resolve(7 as LogIndex)
  readonly requests = { readIndex: () => this.readIndex() }

  waitApplied(index: LogIndex): Promise<void> {
    this.applied.push(index)
    return Promise.resolve()
  }

  propose(): Promise<never> {
    return Promise.reject(new BrokerError('BUSY', 'nothing is proposed'))
  }

  cachedBytes(): undefined {
    return undefined
  }

  readBytes(): Promise<Uint8Array> {
    return Promise.resolve(new Uint8Array())
  }

  cachedRow(): undefined {
    return undefined
  }

  readRow(): Promise<null> {
    return Promise.resolve(null)
  }

  async *scanRows(): TableRows {}
}

function names(log: ReplicatedLog): KnownNames {
  const view = BrokerMachine.withWindows({ dedupeIdsMax: 128, requestsMax: 128 })
  return new KnownNames({ view, log, reader: new MessageReader(view, log), autoCreateGroups: false })
}

test('a name is denied by a leader that has made sure that it leads, with everything applied', async () => {
  const log = new DoubtfulLog()
  await expect(names(log).topic('t')).rejects.toMatchObject({ code: 'TOPIC_NOT_FOUND', outcome: 'none' })
  await expect(names(log).group('g')).rejects.toMatchObject({ code: 'GROUP_NOT_FOUND' })
  await expect(names(log).contact('g', null)).rejects.toMatchObject({ code: 'GROUP_NOT_FOUND' })
  expect(log.applied).toEqual([7, 7, 7])
})

test('a leader that was deposed without knowing it denies nothing', async () => {
  const log = new DoubtfulLog()
  log.readIndex = () => Promise.reject(new BrokerError('NOT_LEADER', 'deposed'))
  await expect(names(log).topic('t')).rejects.toMatchObject({ code: 'NOT_LEADER' })
  log.leading = false
  await expect(names(log).group('g')).rejects.toMatchObject({ code: 'NOT_LEADER' })
})
