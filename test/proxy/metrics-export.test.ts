import { expect, test } from 'vitest'
import { metricsExportMethod } from '../../src/proxy/metrics-export.ts'
import { callContext } from './support/facade-world.ts'

test('metrics are accepted, whatever they are', async () => {
  const method = metricsExportMethod()
  expect(method.path).toBe('/opentelemetry.proto.collector.metrics.v1.MetricsService/Export')
  if (method.type !== 'unary') throw new Error('exporting is a unary call')
  expect(await method.handle(callContext(3000), Buffer.from('anything'))).toEqual(new Uint8Array(0))
})
