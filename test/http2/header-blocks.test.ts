import { expect, test } from 'vitest'
import { HeaderBlocks } from '../../src/http2/header-blocks.ts'
import { ConnectionError, Flag, Http2Code } from '../../src/http2/protocol.ts'

const { endHeaders, endStream, padded, priority } = Flag
const bytes = Buffer.from('block')

function codeOf(act: () => unknown): unknown {
  try {
    return act()
  } catch (error) {
    return error instanceof ConnectionError ? error.code : error
  }
}

test.each([
  ['by itself', 0, bytes],
  ['with padding', padded, Buffer.concat([Buffer.of(3), bytes, Buffer.alloc(3)])],
  ['with a priority', priority, Buffer.concat([Buffer.of(0, 0, 0, 3, 9), bytes])],
  ['with both', padded | priority, Buffer.concat([Buffer.of(1, 0, 0, 0, 3, 9), bytes, Buffer.alloc(1)])],
])('a block %s is found', (_name, flags, payload) => {
  const blocks = new HeaderBlocks()
  const whole = { streamId: 5, endsStream: true, bytes, dependsOnItself: false }
  expect(blocks.begin(flags | endHeaders | endStream, 5, payload)).toEqual(whole)
  expect(blocks.begin(flags, 5, payload)).toBeUndefined()
  expect(blocks.openStreamId).toBe(5)
  const more = blocks.continue(endHeaders, Buffer.from(' and more'))
  expect(more).toMatchObject({ streamId: 5, endsStream: false })
  expect(String(more?.bytes)).toBe('block and more')
  expect(blocks.openStreamId).toBeUndefined()
})

test('a stream that depends on itself is marked', () => {
  const payload = Buffer.of(0x80, 0, 0, 5, 1)
  expect(new HeaderBlocks().begin(priority | endHeaders, 5, payload)?.dependsOnItself).toBe(true)
})

test.each([
  ['no room for padding', padded, Buffer.alloc(0), Http2Code.frameSizeError],
  ['no room for a priority', priority, Buffer.alloc(4), Http2Code.frameSizeError],
  ['more padding than frame', padded, Buffer.of(2, 1), Http2Code.protocolError],
  ['padding over the priority', padded | priority, Buffer.of(1, 0, 0, 0, 3, 9), Http2Code.protocolError],
])('%s is refused', (_name, flags, payload, code) => {
  expect(codeOf(() => new HeaderBlocks().begin(flags | endHeaders, 5, payload))).toBe(code)
})

test('parts are copied, for their bytes are read over', () => {
  const blocks = new HeaderBlocks()
  const part = Buffer.from('abc')
  blocks.begin(0, 1, part)
  part.fill(0)
  expect(String(blocks.continue(endHeaders, Buffer.alloc(0))?.bytes)).toBe('abc')
})
