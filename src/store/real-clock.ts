/** The `Clock` port on the machine's clocks. */
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Millis, millis } from '../base/brand.ts'
import type { Clock } from '../base/ports.ts'

export class RealClock implements Clock {
  mono(): number {
    return performance.now()
  }

  wall(): Millis {
    return millis(Date.now())
  }

  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    try {
      await sleep(ms, undefined, { signal })
    } catch (error) {
      signal.throwIfAborted()
      throw error
    }
  }

  timer(ms: number, run: () => void): () => void {
    const timeout = setTimeout(run, ms)
    return () => {
      clearTimeout(timeout)
    }
  }
}
