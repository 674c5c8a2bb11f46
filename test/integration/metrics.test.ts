import { expect, test } from 'vitest'
import { freePort, Group } from './group.ts'

/** The value of a series without further labels. */
function value(page: string, name: string): number {
  const found = page.split('\n').find((line) => line.startsWith(`${name}{`))
  return Number(found?.split(' ').at(-1))
}

test('a member tells Prometheus what its log does', async () => {
  const port = await freePort()
  const group = await Group.start({ count: 1, config: { listen: { metrics: `127.0.0.1:${port}` } } })
  try {
    const page = async (): Promise<string> => (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    const before = await page()
    await group.member(1).admin.createTopic('orders')
    const after = await page()
    const PREFIX = 'rocketmq_dledger_'
    expect(value(after, `${PREFIX}role`)).toBe(3)
    expect(value(after, `${PREFIX}applied_index`)).toBeGreaterThan(value(before, `${PREFIX}applied_index`))
    for (const timed of ['append', 'quorum_ack', 'apply', 'fsync']) {
      const count = `${PREFIX}${timed}_latency_milliseconds_count`
      expect(value(after, count), timed).toBeGreaterThan(value(before, count))
    }
    for (const name of ['in_doubt', 'damaged_records_total', 'repaired_records_total', 'open_records']) {
      expect(value(after, `${PREFIX}${name}`), name).toBe(0)
    }
    expect(after).toContain('peer_id="1"')
  } finally {
    await group.close()
  }
})
