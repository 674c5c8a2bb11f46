/** The pure parts of the load generator: frames, calls, latencies, medians. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FrameReader, isAccepted } from '../../bench/frame-reader.ts'
import { Histogram } from '../../bench/histogram.ts'
import { median, reached } from '../../bench/report.ts'
import { callTemplate, frame, writeCall } from '../../bench/request.ts'

const shape = { topic: 't', bodyBytes: 1024, authority: '127.0.0.1:1', salt: '0123456789ABCDEF' }

describe('frames', () => {
  test('are the same however the bytes are cut', () => {
    const payloads = [Buffer.from('one'), Buffer.alloc(0), Buffer.alloc(300, 'x')]
    const bytes = Buffer.concat(payloads.map((payload) => frame(0, 1, payload)))
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: bytes.length }), { maxLength: 8 }), (cuts) => {
        const seen: Buffer[] = []
        const sink = {
          frame: (_type: number, _flags: number, _stream: number, all: Buffer, start: number, end: number) =>
            void seen.push(Buffer.from(all.subarray(start, end))),
        }
        const reader = new FrameReader(sink)
        const borders = [0, ...cuts.sort((a, b) => a - b), bytes.length]
        for (const [n, end] of borders.slice(1).entries()) reader.push(bytes.subarray(borders[n] ?? 0, end))
        expect(seen).toEqual(payloads)
      }),
    )
  })

  test('an answer is accepted only with code 20000', () => {
    const ok = Buffer.from([0, 0, 0, 0, 10, 0x0a, 0x08, 0x08, 0xa0, 0x9c, 0x01, 0x12, 0x02, 0x4f, 0x4b])
    expect(isAccepted(ok, 0, ok.length)).toBe(true)
    const busy = Buffer.from(ok)
    busy[9] = 0xd4
    expect(isAccepted(busy, 0, busy.length)).toBe(false)
    expect(isAccepted(ok, 0, 5)).toBe(false)
  })
})

describe('calls', () => {
  test('each message of each call has an id of its own', () => {
    const call = callTemplate({ ...shape, batch: 16 })
    const bytes = Buffer.alloc(call.bytes.length * 2)
    const middle = writeCall(bytes, 0, call, 1, 0)
    writeCall(bytes, middle, call, 3, 16)
    const ids = bytes.toString('latin1').match(/010123456789ABCDEF[0-9A-F]{16}/g) ?? []
    expect(ids).toHaveLength(32)
    expect(new Set(ids).size).toBe(32)
    expect(ids[31]?.slice(-8)).toBe('0000001F')
  })

  test('every frame of a call carries its stream id and only the last data ends the stream', () => {
    const call = callTemplate({ ...shape, batch: 16 })
    const bytes = Buffer.alloc(call.bytes.length)
    writeCall(bytes, 0, call, 77, 0)
    const seen: (readonly [number, number, number])[] = []
    new FrameReader({ frame: (type, flags, stream) => void seen.push([type, flags, stream]) }).push(bytes)
    expect(seen).toEqual([
      [1, 4, 77],
      [0, 0, 77],
      [0, 1, 77],
    ])
  })
})

describe('numbers', () => {
  test('quantiles are those of the counted values', () => {
    const histogram = new Histogram()
    for (let ms = 1; ms <= 1000; ms += 1) histogram.add(ms)
    expect(histogram.latencies()).toEqual({ p50: 500, p90: 900, p99: 990, p999: 999, max: 1000 })
    expect(new Histogram().latencies().max).toBe(0)
  })

  test('the median is the middle of the sorted values', () => {
    expect([median([]), median([3]), median([10, 9, 100]), median([4, 1, 2, 3])]).toEqual([0, 3, 10, 2.5])
  })

  test('an aim is reached by its own rule', () => {
    const aim = { what: 'a', value: 2, bound: 2 }
    expect(reached({ ...aim, rule: 'at least' })).toBe(true)
    expect(reached({ ...aim, rule: 'at most' })).toBe(true)
    expect(reached({ ...aim, rule: 'under' })).toBe(false)
  })
})
