import { expect, test } from 'vitest'
import { startMetricsEndpoint } from '../../src/observe/metrics-endpoint.ts'

test('the page is made anew for each request, and nothing else is there', async () => {
  let asked = 0
  const endpoint = await startMetricsEndpoint({ host: '127.0.0.1', port: 0 }, () => `asked ${++asked}\n`)
  const at = `http://127.0.0.1:${endpoint.port}`
  expect(await (await fetch(`${at}/metrics`)).text()).toBe('asked 1\n')
  const second = await fetch(`${at}/metrics?x=1`)
  expect(await second.text()).toBe('asked 2\n')
  expect(second.headers.get('content-type')).toContain('version=0.0.4')
  expect((await fetch(`${at}/`)).status).toBe(404)
  expect((await fetch(`${at}/metrics`, { method: 'POST' })).status).toBe(404)
  await endpoint.close()
})

test('an address that is taken is refused with its name', async () => {
  const first = await startMetricsEndpoint({ host: '127.0.0.1', port: 0 }, () => '')
  await expect(startMetricsEndpoint({ host: '127.0.0.1', port: first.port }, () => '')).rejects.toMatchObject(
    { code: 'CONFIG_INVALID', message: `cannot listen on 127.0.0.1:${first.port}` },
  )
  await first.close()
})
