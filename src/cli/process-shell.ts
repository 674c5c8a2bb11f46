/**
 * What every server process does around its work: it tells its parent when it is ready, stops in order on a
 * signal or when its parent is gone, and never goes on after an error that nobody expected.
 */
import type { ChildMessage } from '../base/config.ts'
import { BrokerError, messageOf } from '../base/errors.ts'
import type { Logger } from '../base/ports.ts'
import { sentenceOf } from './error-text.ts'
import { exitCodeOf } from './exit-codes.ts'
import { note } from './terminal.ts'

/** A process that does not stop by itself is cut off after this. */
const STOP_MS_MAX = 4_000
/** Time for the last message to reach the parent. */
const PARENT_MS = 50
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** What runs in the process. */
export interface Running {
  close(): Promise<void>
}

/** Tells the parent, if there is one that listens. */
export function tellParent(message: ChildMessage): void {
  // Rule: a parent that is just going away is no error here; the channel's end stops the process.
  if (process.connected) process.send?.(message, () => {})
}

/** Starts the work, stays until it is told to stop, and ends the process. Never returns while it runs. */
export async function runServer(
  logger: Logger,
  flush: () => void,
  start: (failed: (error: unknown) => void) => Promise<Running>,
): Promise<void> {
  const failed = (error: unknown): void => {
    logger.error({ error }, 'the process cannot go on')
    giveUp(error, flush)
  }
  process.on('uncaughtException', failed)
  process.on('unhandledRejection', failed)
  const stopped = whenTold(logger, flush)
  const running = await start(failed).catch((error: unknown) => {
    note(`error: ${sentenceOf(error)}`)
    giveUp(error, flush)
  })
  if (running === undefined) return
  tellParent({ type: 'ready', pid: process.pid })
  await stopped
  await running.close()
  logger.info({}, 'stopped')
  leave(0, flush)
}

/** Resolves at the first signal or when the parent is gone. From then on the process has a limited time. */
function whenTold(logger: Logger, flush: () => void): Promise<void> {
  return new Promise((resolve) => {
    let told = false
    const stop = (reason: string): void => {
      if (told) return
      told = true
      logger.info({ reason }, 'stopping')
      const cutOff = setTimeout(() => {
        logger.error({}, 'stopping took too long')
        leave(1, flush)
      }, STOP_MS_MAX)
      cutOff.unref()
      resolve()
    }
    for (const signal of SIGNALS) process.on(signal, () => stop(signal))
    if (process.connected) process.once('disconnect', () => stop('the parent process is gone'))
  })
}

/** Tells the parent why and ends the process. */
function giveUp(error: unknown, flush: () => void): void {
  const code = error instanceof BrokerError ? error.code : 'FAILED'
  tellParent({ type: 'failed', code, message: messageOf(error) })
  // The message to the parent is written by then.
  setTimeout(() => leave(exitCodeOf(error), flush), PARENT_MS)
}

function leave(code: number, flush: () => void): never {
  flush()
  process.exit(code)
}
