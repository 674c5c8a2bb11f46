import { status } from '@grpc/grpc-js'
import { expect, test } from 'vitest'
import { GrpcCode, GrpcFailure } from '../../src/rpc/service.ts'

test('the codes are those of gRPC', () => {
  for (const [name, code] of Object.entries(GrpcCode)) expect(status[code]).toBe(name)
})

test('a failure keeps its cause and has metadata only when given', () => {
  const cause = new Error('why')
  expect(new GrpcFailure(GrpcCode.INTERNAL, 'what', { cause })).toMatchObject({ cause, metadata: {} })
})
