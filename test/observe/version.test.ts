import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { PROGRAM_VERSION } from '../../src/observe/version.ts'

test('the version that people see is that of the package', () => {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  expect(PROGRAM_VERSION).toBe((JSON.parse(text) as { version: string }).version)
})
