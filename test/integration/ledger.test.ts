/** The ledger service of a group of real processes. */
import { afterEach, describe, expect, test } from 'vitest'
import { Group, type Member, sleep } from './group.ts'
import { cli } from './programs.ts'
import { type AppendResult, type Entry, failureOf, LedgerClient } from './ledger-client.ts'

let group: Group | undefined
const clients: LedgerClient[] = []

afterEach(async () => {
  for (const client of clients.splice(0)) client.close()
  await group?.close()
  group = undefined
})

function clientOf(member: Member | undefined): LedgerClient {
  if (member === undefined) throw new Error('no member')
  const client = new LedgerClient(member.endpoint)
  clients.push(client)
  return client
}

function texts(entries: readonly Entry[]): string[] {
  return entries.map((entry) => entry.body.toString())
}

/** Appends every text with a key of its own through one member after the other until it is acknowledged. */
async function appendKeyed(of: Group, ledger: string, prefix: string, count: number): Promise<string[]> {
  const members = of.members.map(clientOf)
  const acknowledged: string[] = []
  for (let n = 0; n < count; n++) {
    const text = `${prefix}-${n}`
    for (let attempt = 0; ; attempt++) {
      const client = members[(n + attempt) % members.length] as LedgerClient
      try {
        await client.append({ ledger, entries: [Buffer.from(text)], idempotencyKey: text })
        acknowledged.push(text)
        break
      } catch (error) {
        if (attempt > 200) throw error
        await sleep(25)
      }
    }
  }
  return acknowledged
}

/** Streams numbered texts through a member that stays, and keeps the result of each. */
function streamTexts(client: LedgerClient, ledger: string, prefix: string) {
  const results: AppendResult[] = []
  const call = client.appendStream()
  let sent = 0
  let stopped = false
  const ended = new Promise<void>((resolve) => {
    call.on('data', (message: { readonly results: readonly AppendResult[] }) => {
      results.push(...message.results)
    })
    call.on('error', () => resolve())
    call.on('end', () => resolve())
  })
  const write = (): void => {
    if (stopped) return
    while (sent - results.length < 512) {
      call.write({ ledger, entries: [Buffer.from(`${prefix}-${sent++}`)] })
    }
    setTimeout(write, 1)
  }
  write()
  return {
    results,
    stop: async (): Promise<number> => {
      stopped = true
      call.end()
      await ended
      return sent
    },
  }
}

describe('one group', () => {
  test('everything of the service works through a follower', async () => {
    group = await Group.start()
    const leader = await group.healthy()
    const client = clientOf(group.others(leader)[0])
    await client.create('events')
    await client.create('events')
    expect(await failureOf(client.create('events', { entriesMax: 5 }))).toEqual(['LEDGER_EXISTS', 'none'])
    const one = await client.append({ ledger: 'events', entries: [Buffer.from('a'), Buffer.from('b')] })
    expect(one).toMatchObject({ firstIndex: 1, lastIndex: 2, repeated: false })
    const conditional = { ledger: 'events', entries: [Buffer.from('c')], expectedLastIndex: 2 }
    expect(await client.append({ ...conditional, idempotencyKey: 'k' })).toMatchObject({ firstIndex: 3 })
    expect(await client.append({ ...conditional, idempotencyKey: 'k' })).toMatchObject({
      firstIndex: 3,
      repeated: true,
    })
    expect(await failureOf(client.append(conditional))).toEqual(['CONDITION_FAILED', 'none'])
    expect(await failureOf(client.append({ ledger: 'none', entries: [Buffer.from('x')] }))).toEqual([
      'LEDGER_NOT_FOUND',
      'none',
    ])
    for (const member of group.members) {
      expect(texts(await clientOf(member).readAll({ ledger: 'events' }))).toEqual(['a', 'b', 'c'])
    }
    expect(texts(await client.readAll({ ledger: 'events', fromIndex: 2, toIndex: 2 }))).toEqual(['b'])
    const second = (await client.readAll({ ledger: 'events', fromIndex: 3 }))[0]
    expect(
      texts(await client.readAll({ ledger: 'events', fromTimeMs: second?.appendedAtMs ?? 0 })),
    ).toContain('c')
    expect(await client.status('events')).toMatchObject({ firstIndex: 1, lastIndex: 3, entries: 3, bytes: 3 })
    expect(await client.trim('events', 3)).toEqual({ firstIndex: 3 })
    expect(await failureOf(client.readAll({ ledger: 'events', fromIndex: 1 }))).toEqual([
      'INDEX_OUT_OF_RANGE',
      'none',
    ])
    expect((await client.list()).map((ledger) => ledger.name)).toEqual(['events'])
    await client.delete('events')
    expect(await failureOf(client.status('events'))).toEqual(['LEDGER_NOT_FOUND', 'none'])
    await group.sameDigest()
  })

  test('a reader that follows gets what is appended, and its end frees the member of it', async () => {
    group = await Group.start()
    const leader = await group.healthy()
    const writer = clientOf(leader)
    const reader = clientOf(group.others(leader)[1])
    await writer.create('tail')
    const got: string[] = []
    const stream = reader.read({ ledger: 'tail', follow: true })
    stream.on('data', (message: { readonly entries: readonly Entry[] }) =>
      got.push(...texts(message.entries)),
    )
    stream.on('error', () => undefined)
    for (let n = 0; n < 600; n += 3) {
      await writer.append({ ledger: 'tail', entries: [n, n + 1, n + 2].map((m) => Buffer.from(`e${m}`)) })
    }
    for (let waits = 0; got.length < 600 && waits < 200; waits++) await sleep(25)
    expect(got).toEqual(Array.from({ length: 600 }, (_, n) => `e${n}`))
    stream.cancel()
    expect(texts(await reader.readAll({ ledger: 'tail', fromIndex: 599 }))).toEqual(['e598', 'e599'])
  })

  test('the command line appends, reads and trims', async () => {
    group = await Group.start()
    await group.healthy()
    const at = ['-e', group.endpoints.join(',')]
    expect(await cli('ledger', 'create', 'audit', '--bytes', '10MiB', '--age', '30d', ...at)).toMatchObject({
      code: 0,
    })
    expect((await cli('ledger', 'append', 'audit', 'first', 'second', ...at)).text).toContain('at 1 to 2')
    expect((await cli('ledger', 'append', 'audit', 'x', '--expect', '5', ...at)).code).toBe(1)
    const read = await cli('ledger', 'read', 'audit', '--from', '2', '--json', ...at)
    expect(JSON.parse(read.text)).toMatchObject({ index: 2, body: 'second' })
    expect((await cli('ledger', 'trim', 'audit', '3', ...at)).text).toContain('begins at 3')
    expect((await cli('ledger', 'list', ...at)).text).toMatch(/audit +3 +2 +0/)
    expect((await cli('ledger', 'status', 'nothing', ...at)).text).toContain('ledger create nothing')
  })

  test('a member that is killed and started again serves the same entries', async () => {
    group = await Group.start()
    const leader = await group.healthy()
    const client = clientOf(leader)
    await client.create('kept', { entriesMax: 700, whenFull: 1 })
    const entries = Array.from({ length: 1_000 }, (_, n) => Buffer.from(`entry ${n}`))
    await client.append({ ledger: 'kept', entries })
    const follower = group.others(leader)[0] as Member
    await follower.signal('SIGKILL')
    follower.start()
    await group.healthy()
    const read = await clientOf(follower).readAll({ ledger: 'kept' })
    expect(read.map((entry) => entry.index)).toEqual(Array.from({ length: 700 }, (_, n) => n + 301))
    expect(texts(read)).toEqual(entries.slice(300).map(String))
    await group.sameDigest()
  })
})

test('through two kills of the leader every acknowledged append is there, in order, keyed ones once', async () => {
  group = await Group.start()
  await clientOf(await group.healthy()).create('l')
  const keyed = Promise.all(['x', 'y', 'z'].map((prefix) => appendKeyed(group as Group, 'l', prefix, 300)))
  const results: AppendResult[] = []
  const sent: string[] = []
  for (let round = 0; round < 2; round++) {
    const leader = await group.healthy()
    const stays = clientOf(group.others(leader)[0])
    const stream = streamTexts(stays, 'l', `s${round}`)
    for (let waits = 0; stream.results.length < 500 && waits < 400; waits++) await sleep(10)
    await leader.signal('SIGKILL')
    const before = stream.results.length
    for (let waits = 0; stream.results.length < before + 1_500 && waits < 400; waits++) await sleep(10)
    const count = await stream.stop()
    expect(stream.results).toHaveLength(count)
    results.push(...stream.results)
    for (let n = 0; n < count; n++) sent.push(`s${round}-${n}`)
    leader.start()
    await group.healthy()
  }
  const acknowledged = (await keyed).flat()
  const entries = await clientOf(await group.healthy()).readAll({ ledger: 'l' })
  const bodies = texts(entries)
  expect(entries.map((entry) => entry.index)).toEqual(bodies.map((_, n) => n + 1))
  for (const text of acknowledged) expect(bodies.filter((body) => body === text)).toHaveLength(1)
  let last = 0
  let streamed = 0
  for (const [n, { appended, failed }] of results.entries()) {
    if (appended !== undefined) {
      expect(bodies[appended.firstIndex - 1]).toBe(sent[n])
      expect(appended.firstIndex).toBeGreaterThan(last)
      last = appended.firstIndex
      streamed++
    } else if (failed?.outcome === 'none') {
      expect(bodies).not.toContain(sent[n])
    }
  }
  expect(streamed).toBeGreaterThan(2_000)
  await group.sameDigest()
})
