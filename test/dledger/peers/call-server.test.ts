import { describe, expect, test } from 'vitest'
import { nodeId } from '../../../src/base/brand.ts'
import { callHead, numberHead, readError, readReply } from '../../../src/dledger/peers/call-codec.ts'
import { CALL_BYTES_RUNNING_MAX, CallServer } from '../../../src/dledger/peers/call-server.ts'
import { FrameKind } from '../../../src/dledger/peers/frame-codec.ts'
import { Pair, quiet, until } from './harness.ts'

interface Run {
  readonly kind: number
  readonly signal: AbortSignal
  readonly answer: (chunks: readonly Uint8Array[]) => void
}

/** A server on the right side whose handlers wait for the test; the test plays the client on the left. */
function serverOf(pair: Pair): { server: CallServer; runs: Run[] } {
  const runs: Run[] = []
  const server = new CallServer(
    nodeId(1),
    pair.right,
    {
      onCall: (_from, kind, _body, signal) =>
        new Promise((resolve) => runs.push({ kind, signal, answer: resolve })),
    },
    quiet,
  )
  pair.onRight = (kind, body) => server.frame(kind, body)
  return { server, runs }
}

function call(pair: Pair, number: number, body = new Uint8Array()): void {
  pair.left.send(FrameKind.call, [callHead(number, number), body], 2)
}

describe('calls that run', () => {
  test('what a cancelled call answers is dropped, and its number can be used again', async () => {
    await using pair = await Pair.make()
    const { runs } = serverOf(pair)
    call(pair, 7)
    await until(() => runs.length === 1, 'it runs')
    pair.left.send(FrameKind.callCancel, [numberHead(7)], 1)
    await until(() => runs[0]?.signal.aborted === true, 'the handler knows')
    call(pair, 7)
    await until(() => runs.length === 2, 'the next runs')
    runs[0]?.answer([new Uint8Array([1])])
    runs[1]?.answer([new Uint8Array([2])])
    await until(() => pair.leftSeen.length > 0, 'an answer came')
    expect(pair.leftSeen.map(({ body }) => [...readReply(body).reply])).toEqual([[2]])
    expect(runs[1]?.signal.aborted).toBe(false)
  })

  test('a cancel of a call that is not there changes nothing', async () => {
    await using pair = await Pair.make()
    const { runs } = serverOf(pair)
    pair.left.send(FrameKind.callCancel, [numberHead(1)], 1)
    call(pair, 2)
    await until(() => runs.length === 1, 'it runs')
    runs[0]?.answer([])
    await until(() => pair.leftSeen.length === 1, 'the answer came')
  })

  test('two calls with one number end the connection', async () => {
    await using pair = await Pair.make()
    serverOf(pair)
    call(pair, 1)
    call(pair, 1)
    await until(() => pair.rightEnds.length === 1, 'it ended')
    expect(pair.rightEnds).toEqual(['broken'])
  })

  test('when the connection ends every handler learns it', async () => {
    await using pair = await Pair.make()
    const { server, runs } = serverOf(pair)
    call(pair, 1)
    call(pair, 2)
    await until(() => runs.length === 2, 'both run')
    server.ended()
    expect(runs.map(({ signal }) => signal.aborted)).toEqual([true, true])
  })

  test('requests that run hold at most 128 MiB, given up or not; more is refused', async () => {
    await using pair = await Pair.make()
    const { runs } = serverOf(pair)
    const body = new Uint8Array(16 * 1024 * 1024)
    const fit = CALL_BYTES_RUNNING_MAX / body.byteLength
    for (let number = 0; number < fit - 1; number++) {
      call(pair, number, body)
      await until(() => runs.length === number + 1, 'it runs')
    }
    pair.left.send(FrameKind.callCancel, [numberHead(0)], 1)
    await until(() => runs[0]?.signal.aborted === true, 'one was given up')
    call(pair, 100, body)
    await until(() => pair.leftSeen.length === 1, 'one was refused')
    const refusal = readError(pair.leftSeen[0]?.body ?? new Uint8Array())
    expect(refusal).toMatchObject({ number: 100, error: { code: 'BUSY', outcome: 'none' } })
    runs[0]?.answer([])
    await new Promise((resolve) => setImmediate(resolve))
    call(pair, 101, body)
    await until(() => runs.length === fit, 'what was given up and ended makes room')
  })

  test('a caller that does not read its answers loses the connection', async () => {
    await using pair = await Pair.make()
    const { runs } = serverOf(pair)
    pair.leftSocket.pause()
    for (let number = 0; number < 10; number++) call(pair, number)
    await until(() => runs.length === 10, 'all run')
    for (const { answer } of runs) answer([new Uint8Array(16 * 1024 * 1024)])
    await until(() => pair.rightEnds.length === 1, 'it ended')
    expect(pair.rightEnds).toEqual(['silent'])
  })
})
