import { expect, test } from 'vitest'
import { ConnectionError, Setting } from '../../src/http2/protocol.ts'
import { CLIENT_SETTINGS, type ClientSettings, settingsAfter } from '../../src/http2/settings.ts'
import { settings } from './support/wire.ts'

function after(...entries: (readonly [setting: number, value: number])[]): ClientSettings {
  return settingsAfter(CLIENT_SETTINGS, settings(...entries).subarray(9))
}

test('what is not named stays, and of several values the last one counts', () => {
  expect(after()).toEqual(CLIENT_SETTINGS)
  const window = after([Setting.initialWindowSize, 1], [Setting.initialWindowSize, 2])
  expect(window).toEqual({ windowBytes: 2, speaksOfTable: false })
  expect(settingsAfter(window, Buffer.alloc(0)).windowBytes).toBe(2)
})

test('speaking of the table is told of this frame only', () => {
  const spoke = after([Setting.headerTableSize, 0])
  expect(spoke.speaksOfTable).toBe(true)
  expect(settingsAfter(spoke, Buffer.alloc(0)).speaksOfTable).toBe(false)
})

test('settings that are unknown or about what a server never does are passed over', () => {
  const others = after(
    [0xfe03, 1],
    [Setting.maxConcurrentStreams, 0],
    [Setting.maxHeaderListSize, 0],
    [0x9, 1],
  )
  expect(others).toEqual(CLIENT_SETTINGS)
  expect(after([Setting.enablePush, 1], [Setting.maxFrameSize, 0xff_ffff])).toEqual(CLIENT_SETTINGS)
})

test.each([
  [Setting.enablePush, 2],
  [Setting.initialWindowSize, 2 ** 31],
  [Setting.maxFrameSize, 16_383],
  [Setting.maxFrameSize, 2 ** 24],
])('setting %i to %i is refused', (setting, value) => {
  expect(() => after([setting, value])).toThrow(ConnectionError)
})
