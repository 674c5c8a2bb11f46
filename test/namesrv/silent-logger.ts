/** A log that nobody reads. */
import type { Logger } from '../../src/base/ports.ts'

export const silentLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLogger,
}
