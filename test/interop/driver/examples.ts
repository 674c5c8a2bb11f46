/** The programs of `examples/orders`, run as a reader would, against the group. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { TOPIC_TYPES, type TopicKind } from './case.ts'
import type { LanguageName } from './languages.ts'
import type { Run } from './run.ts'

const EXAMPLE_MS_MAX = 150_000
const FOLDER = join('examples', 'orders')

interface Example {
  readonly file: string
  readonly language: LanguageName
  readonly topic: string
  readonly kind: TopicKind
  /** The group that must be made before because its messages come in order; others make themselves. */
  readonly fifoGroup?: string
}

const EXAMPLES: readonly Example[] = [
  { file: 'order-timeout.mjs', language: 'node', topic: 'order-timeouts', kind: 'delay' },
  { file: 'idempotent-consumer.mjs', language: 'node', topic: 'account-bookings', kind: 'normal' },
  { file: 'payment.mjs', language: 'node', topic: 'payments', kind: 'transaction' },
  { file: 'cart.mjs', language: 'node', topic: 'cart-events', kind: 'fifo', fifoGroup: 'cart-service' },
  { file: 'outbox.mjs', language: 'node', topic: 'customer-events', kind: 'normal' },
  { file: 'OrderTimeout.java', language: 'java', topic: 'order-timeouts-java', kind: 'delay' },
  { file: 'idempotent_consumer.py', language: 'python', topic: 'account-bookings-py', kind: 'normal' },
]

/** All of the chosen languages beside each other: they mostly wait. */
export async function runExamples(run: Run): Promise<void> {
  await Promise.all(EXAMPLES.map((example) => runExample(run, example)))
}

async function runExample({ cluster, results, programs }: Run, example: Example): Promise<void> {
  const { file, language: name, topic, kind, fifoGroup } = example
  const language = [...programs.keys()].find((one) => one.name === name)
  if (language === undefined) return
  const started = performance.now()
  const { admin, endpoint } = await cluster.group.leader()
  await admin.call('CreateTopic', { name: topic, messageType: TOPIC_TYPES[kind], queueCount: 4 })
  if (fifoGroup !== undefined) await admin.call('CreateGroup', { name: fifoGroup, fifo: true })
  // What runs the program of this language runs its examples, with another file as its last word.
  const command = [...(programs.get(language)?.slice(0, -1) ?? []), join(FOLDER, file), endpoint]
  const { code, text } = await runToEnd(command)
  const lines = text.trim().split('\n')
  results.add({
    language: name,
    name: `example ${file}`,
    outcome: code === 0 ? 'passed' : 'failed',
    text: code === 0 ? (lines.at(-1) ?? '') : `ended with ${code}: ${lines.slice(-5).join(' | ')}`,
    seconds: (performance.now() - started) / 1_000,
  })
}

function runToEnd([program = '', ...args]: readonly string[]): Promise<{ code: number; text: string }> {
  return new Promise((resolve) => {
    execFile(program, args, { timeout: EXAMPLE_MS_MAX }, (error, out, notes) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), text: `${notes}${out}` })
    })
  })
}
