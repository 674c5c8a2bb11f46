import { constants } from 'node:http2'
import { expect, test } from 'vitest'
import { Http2Code, Setting, WINDOW_BYTES_DEFAULT } from '../../src/http2/protocol.ts'

test('codes and settings have the numbers that nghttp2 knows', () => {
  expect(Object.values(Http2Code)).toEqual([
    constants.NGHTTP2_NO_ERROR,
    constants.NGHTTP2_PROTOCOL_ERROR,
    constants.NGHTTP2_INTERNAL_ERROR,
    constants.NGHTTP2_FLOW_CONTROL_ERROR,
    constants.NGHTTP2_SETTINGS_TIMEOUT,
    constants.NGHTTP2_STREAM_CLOSED,
    constants.NGHTTP2_FRAME_SIZE_ERROR,
    constants.NGHTTP2_REFUSED_STREAM,
    constants.NGHTTP2_CANCEL,
    constants.NGHTTP2_COMPRESSION_ERROR,
    constants.NGHTTP2_CONNECT_ERROR,
    constants.NGHTTP2_ENHANCE_YOUR_CALM,
  ])
  expect(Setting).toEqual({
    headerTableSize: constants.NGHTTP2_SETTINGS_HEADER_TABLE_SIZE,
    enablePush: constants.NGHTTP2_SETTINGS_ENABLE_PUSH,
    maxConcurrentStreams: constants.NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS,
    initialWindowSize: constants.NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE,
    maxFrameSize: constants.NGHTTP2_SETTINGS_MAX_FRAME_SIZE,
    maxHeaderListSize: constants.NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE,
  })
  expect(WINDOW_BYTES_DEFAULT).toBe(constants.DEFAULT_SETTINGS_INITIAL_WINDOW_SIZE)
})
