/** All cases, in the order in which they are told. */
import type { Case } from './case.ts'
import { CHANGE, DLQ, REDELIVERY, RETRY } from './cases/again.ts'
import { NORMAL, PUSH, SIMPLE, SQL, TAG } from './cases/basic.ts'
import { FIFO } from './cases/fifo.ts'
import { PRIORITY } from './cases/priority.ts'
import { DELAY, RECALL } from './cases/timed.ts'
import { TRANSACTION } from './cases/transaction.ts'

export const CASES: readonly Case[] = [
  NORMAL,
  SIMPLE,
  PUSH,
  TAG,
  SQL,
  FIFO,
  DELAY,
  RECALL,
  TRANSACTION,
  PRIORITY,
  REDELIVERY,
  CHANGE,
  RETRY,
  DLQ,
]
