/**
 * The export call of OpenTelemetry: accepted and dropped. One official client only starts with its metrics
 * on, and sends them to the address that its settings name, which is ours (grpc-contract 3.3).
 */
import type { Method } from '../rpc/service.ts'

/** `ExportMetricsServiceResponse` without a partial failure. */
const ACCEPTED = new Uint8Array(0)

/** The method: answers every export with an empty response. */
export function metricsExportMethod(): Method {
  return {
    type: 'unary',
    path: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
    handle: () => Promise.resolve(ACCEPTED),
  }
}
