/** That a power cut of the runs with faults really loses what was not synced, and only that. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { ImageDisks } from '../../jepsen-like/cluster/image-disks.ts'
import { NO_SMALL_DISKS } from '../../jepsen-like/cluster/small-disk.ts'

const possible = test.runIf(NO_SMALL_DISKS === '')
if (NO_SMALL_DISKS !== '') console.warn(`the test of power cuts is left out: ${NO_SMALL_DISKS}`)

let folder = ''
let disks: ImageDisks | undefined

afterEach(() => {
  disks?.close([1])
  disks = undefined
  rmSync(folder, { recursive: true, force: true })
})

possible('a power cut keeps what was synced and loses what was only written', () => {
  folder = mkdtempSync(join(tmpdir(), 'dledger-power-cut-'))
  disks = new ImageDisks(folder)
  const place = disks.make(1)
  const log = openSync(join(place, 'log'), 'a')
  writeSync(log, 'synced.')
  fsyncSync(log)
  writeSync(log, 'only written.')
  const other = openSync(join(place, 'never-synced'), 'a')
  writeSync(other, 'x')
  disks.freeze(1)
  closeSync(log)
  closeSync(other)
  disks.thaw(1)
  expect(readFileSync(join(place, 'log'), 'utf8')).toBe('synced.')
  expect(existsSync(join(place, 'never-synced'))).toBe(false)
})
