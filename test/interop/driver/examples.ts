/** The programs of `examples/orders`, run as a reader would, against the group. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { TOPIC_TYPES, type TopicKind } from './case.ts'
import type { Run } from './run.ts'

const EXAMPLE_MS_MAX = 150_000

interface Example {
  readonly name: string
  readonly topic: string
  readonly kind: TopicKind
  /** The groups that must be made before; others make themselves. */
  readonly fifoGroups: readonly string[]
}

export const EXAMPLES: readonly Example[] = [
  { name: 'idempotent-consumer', topic: 'account-bookings', kind: 'normal', fifoGroups: [] },
  { name: 'order-timeout', topic: 'order-timeouts', kind: 'delay', fifoGroups: [] },
  { name: 'outbox', topic: 'customer-events', kind: 'normal', fifoGroups: [] },
]

/** All of them beside each other: they mostly wait. */
export async function runExamples(run: Run): Promise<void> {
  await Promise.all(EXAMPLES.map((example) => runExample(run, example)))
}

async function runExample({ cluster, results }: Run, example: Example): Promise<void> {
  const started = performance.now()
  const { admin, endpoint } = await cluster.group.leader()
  const { name, topic, kind, fifoGroups } = example
  await admin.call('CreateTopic', { name: topic, messageType: TOPIC_TYPES[kind], queueCount: 4 })
  for (const group of fifoGroups) await admin.call('CreateGroup', { name: group, fifo: true })
  const { code, text } = await runNode([join('examples', 'orders', `${name}.mjs`), endpoint])
  const seconds = (performance.now() - started) / 1_000
  const lines = text.trim().split('\n')
  if (code === 0) {
    results.add({
      language: 'node',
      name: `example ${name}`,
      outcome: 'passed',
      text: lines.at(-1) ?? '',
      seconds,
    })
  } else {
    const said = `ended with ${code}: ${lines.slice(-5).join(' | ')}`
    results.add({ language: 'node', name: `example ${name}`, outcome: 'failed', text: said, seconds })
  }
}

function runNode(args: readonly string[]): Promise<{ code: number; text: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [...args], { timeout: EXAMPLE_MS_MAX }, (error, out, notes) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), text: `${out}${notes}` })
    })
  })
}
