import { expect, test } from 'vitest'
import { BrokerError, type ErrorCode } from '../../src/base/errors.ts'
import { GrpcCode } from '../../src/rpc/service.ts'
import { brokerErrorOf, failureOf } from '../../src/rpc/status.ts'

const codes: readonly ErrorCode[] = [
  'NO_LEADER',
  'TIMEOUT',
  'BUSY',
  'TOPIC_NOT_FOUND',
  'DATA_DAMAGED',
  'FORBIDDEN',
]

test.each(codes.flatMap((code) => (['none', 'unknown'] as const).map((outcome) => [code, outcome] as const)))(
  '%s with outcome %s arrives as it was sent',
  (code, outcome) => {
    const failure = failureOf(new BrokerError(code, 'what happened', { outcome }))
    const arrived = brokerErrorOf(failure.code, failure.message, (name) => failure.metadata[name])
    expect(arrived).toMatchObject({ code, outcome, message: 'what happened' })
  },
)

test.each([
  ['NO_LEADER', GrpcCode.UNAVAILABLE],
  ['TIMEOUT', GrpcCode.DEADLINE_EXCEEDED],
  ['BAD_REQUEST', GrpcCode.INVALID_ARGUMENT],
  ['TOPIC_EXISTS', GrpcCode.ALREADY_EXISTS],
] as const)('%s is told as the status %i', (code, grpcCode) => {
  expect(failureOf(new BrokerError(code, 'x')).code).toBe(grpcCode)
})

test.each([
  [GrpcCode.UNAVAILABLE, 'CLOSED', 'unknown'],
  [GrpcCode.INTERNAL, 'CLOSED', 'unknown'],
  [GrpcCode.DEADLINE_EXCEEDED, 'TIMEOUT', 'unknown'],
  [GrpcCode.CANCELLED, 'CANCELLED', 'unknown'],
  [GrpcCode.UNIMPLEMENTED, 'NOT_IMPLEMENTED', 'none'],
  [99, 'CLOSED', 'unknown'],
])('the status %i without our trailers is %s, %s', (grpcCode, code, outcome) => {
  expect(brokerErrorOf(grpcCode, 'x', () => undefined)).toMatchObject({ code, outcome })
})

test('a code that is not ours and an outcome that is missing are not trusted', () => {
  const trailers: Readonly<Record<string, string>> = { 'dledger-code': 'toString' }
  expect(brokerErrorOf(GrpcCode.UNAVAILABLE, 'x', (name) => trailers[name]).code).toBe('CLOSED')
  const named: Readonly<Record<string, string>> = { 'dledger-code': 'BUSY' }
  expect(brokerErrorOf(GrpcCode.UNAVAILABLE, 'x', (name) => named[name])).toMatchObject({
    code: 'BUSY',
    outcome: 'unknown',
  })
})
