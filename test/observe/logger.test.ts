/** What stands in a log file. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type OpenLogger, openLogger } from '../../src/observe/logger.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dledger-log-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

/** Opens a log, lets `write` use it, and reads its lines once the write that was under way at the flush is done. */
async function linesOf(write: (logger: OpenLogger['logger'], setLevel: OpenLogger['setLevel']) => void) {
  const file = join(folder, 'deep', 'n1.log')
  const { logger, flush, setLevel } = openLogger({ level: 'info', file, fields: { node: 1 } })
  write(logger, setLevel)
  flush()
  const lines = await vi.waitFor(() => {
    const text = readFileSync(file, 'utf8')
    expect(text).toMatch(/\n$/)
    return text.trim().split('\n')
  })
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
}

test('a line holds the phrase, the facts, the fields of its logger and the time as text', async () => {
  const lines = await linesOf((logger) => {
    logger.child({ group: 'broker-0' }).info({ term: 3 }, 'became leader')
  })
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatchObject({ level: 'info', msg: 'became leader', node: 1, group: 'broker-0', term: 3 })
  expect(lines[0]?.['time']).toMatch(/^\d{4}-\d\d-\d\dT/)
})

test('lines below the level are left out and errors keep their message', async () => {
  const lines = await linesOf((logger) => {
    logger.debug({}, 'nothing')
    logger.error({ error: new Error('the disk broke') }, 'stopped')
  })
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatchObject({ level: 'error', error: { message: 'the disk broke' } })
})

test('the level is changed while it runs, for children that were made before as well', async () => {
  const lines = await linesOf((logger, setLevel) => {
    const child = logger.child({ part: 'raft' })
    child.debug({}, 'too early')
    setLevel('debug')
    child.debug({}, 'seen')
    setLevel('error')
    child.warn({}, 'too late')
    logger.error({}, 'last')
  })
  expect(lines.map(({ msg }) => msg)).toEqual(['seen', 'last'])
})
