import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { nodeId } from '../../src/base/brand.ts'
import { BytesError } from '../../src/base/bytes.ts'
import { decodeConfiguration, encodeConfiguration } from '../../src/dledger/configuration-codec.ts'
import { RECORD_HEADER_BYTES } from '../../src/dledger/record-codec.ts'
import { configurationRecordBytes, type Configuration } from '../../src/raft/index.ts'

const ids = fc.array(fc.integer({ min: 1, max: 65_535 }).map(nodeId), { maxLength: 9 })

const configurations: fc.Arbitrary<Configuration> = fc
  .record({ voters: ids, votersOutgoing: ids, learners: ids, details: fc.uint8Array({ maxLength: 200 }) })
  .map(({ details, ...lists }) => (details.byteLength === 0 ? lists : { ...lists, details }))

test('a configuration reads back as it was written, and is as long as the core counts', () => {
  fc.assert(
    fc.property(configurations, (configuration) => {
      const body = encodeConfiguration(configuration)
      expect(decodeConfiguration(body)).toEqual(configuration)
      expect(RECORD_HEADER_BYTES + body.byteLength).toBe(configurationRecordBytes(configuration))
    }),
  )
})

test('bytes that are no configuration, or one of a newer program, are refused', () => {
  const body = encodeConfiguration({ voters: [nodeId(1), nodeId(2)], votersOutgoing: [], learners: [] })
  for (let length = 0; length < body.byteLength; length++) {
    expect(() => decodeConfiguration(body.subarray(0, length))).toThrow(BytesError)
  }
  body[1] = 2
  expect(() => decodeConfiguration(body)).toThrow('has version 2, this program knows only version 1')
})
