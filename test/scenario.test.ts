/**
 * Raft behaviour as stories, replayed and compared word for word. `UPDATE_SCENARIOS=1` writes what happens now
 * into the files: do so only when you can explain the difference.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { replay } from './scenarios/environment.ts'

const FOLDER = new URL('./scenarios/', import.meta.url)
const names = readdirSync(FOLDER).filter((name) => name.endsWith('.txt'))

test.each(names)('%s', (name) => {
  const path = new URL(name, FOLDER)
  const text = readFileSync(path, 'utf8')
  const replayed = replay(text)
  if (process.env['UPDATE_SCENARIOS'] === '1') writeFileSync(path, replayed)
  else expect(replayed).toBe(text)
})
