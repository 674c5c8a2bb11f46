/** docs/storage-faults.md names a test for each answer: they exist. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

test('each test that the table of storage faults names is there', () => {
  const root = new URL('../', import.meta.url)
  const page = readFileSync(new URL('docs/storage-faults.md', root), 'utf8')
  const named = [...page.matchAll(/`(test\/[^`]+\.test\.ts)` "([^"]+)"/g)]
  expect(named.length).toBeGreaterThan(30)
  const missing = named.filter(([, file = '', name = '']) => {
    return !readFileSync(new URL(file, root), 'utf8').includes(name)
  })
  expect(missing.map(([text]) => text)).toEqual([])
  const rows = page.split('\n').filter((line) => line.startsWith('| ') && line.includes('`test/'))
  expect(rows.length).toBeGreaterThan(30)
})
