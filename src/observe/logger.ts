/**
 * The `Logger` port over pino: one line of JSON for each event, in a file or on standard error. Lines are
 * written without waiting; what is still in memory is written when the process exits.
 */
import { mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { destination, pino, stdSerializers, stdTimeFunctions } from 'pino'
import type { LogLevel } from '../base/config.ts'
import type { Logger } from '../base/ports.ts'

const STANDARD_ERROR = 2

/** Where the lines go and which. */
export interface LoggerOptions {
  readonly level: LogLevel
  /** The path of a file to append to, made with its folder; `undefined` is standard error. */
  readonly file: string | undefined
  /** Fields of every line, for example `node` and `group`. */
  readonly fields: Readonly<Record<string, unknown>>
}

/** An open log. Flushing writes what is in memory before it returns. */
export interface OpenLogger {
  readonly logger: Logger
  readonly flush: () => void
  /** Which lines are written from now on, of this logger and of all its children. */
  readonly setLevel: (level: LogLevel) => void
}

/** Opens a log. Throws the error of the operating system when the file cannot be opened. */
export function openLogger(options: LoggerOptions): OpenLogger {
  const { level, file, fields } = options
  const target = destination({ dest: descriptorOf(file), sync: false })
  const flush = (): void => {
    try {
      target.flushSync()
    } catch {
      // Rule: a log that cannot be written never stops the program; the disk guard tells of a full disk.
    }
  }
  // A full disk or a closed terminal must not end the process.
  target.on('error', () => {})
  process.once('exit', flush)
  let least = LEVELS[level]
  const logger = pino(
    {
      level: 'debug',
      // A child of pino has a level of its own: what is written is decided here, for all at once.
      hooks: {
        logMethod(args, method, number) {
          if (number >= least) method.apply(this, args)
        },
      },
      base: { pid: process.pid, ...fields },
      timestamp: stdTimeFunctions.isoTime,
      serializers: { err: stdSerializers.err, error: errorText },
      formatters: { level: (label) => ({ level: label }) },
    },
    target,
  )
  const setLevel = (to: LogLevel): void => {
    least = LEVELS[to]
  }
  return { logger, flush, setLevel }
}

/** As pino numbers them. */
const LEVELS: Readonly<Record<LogLevel, number>> = { debug: 20, info: 30, warn: 40, error: 50 }

function descriptorOf(file: string | undefined): number {
  if (file === undefined) return STANDARD_ERROR
  mkdirSync(dirname(file), { recursive: true })
  return openSync(file, 'a')
}

/** Errors in the field `error` keep their stack; texts stay texts. */
function errorText(error: unknown): unknown {
  return error instanceof Error ? stdSerializers.err(error) : error
}
