/** `group reset`: sets where a consumer group goes on in a topic. */
import { type Command, InvalidArgumentError } from 'commander'
import { BrokerError } from '../base/errors.ts'
import type { QueueOffset } from '../rpc/admin-types.ts'
import { withAdmin, withGroupHint, withTopicHint } from './admin-client.ts'
import { type CommonOptions, withCommonOptions } from './cli-options.ts'
import { whole } from './produce-command.ts'
import { say, terminalWidth } from './terminal.ts'
import { tableText } from './text-table.ts'

const EXAMPLES = `Examples:
  npm run cli -- group reset billing --topic orders --latest        skips everything that waits
  npm run cli -- group reset billing --topic orders --earliest      begins anew
  npm run cli -- group reset billing --topic orders --to-time 2026-11-01T12:00:00Z
  npm run cli -- group reset billing --topic orders --to-offset 1200 --queue 3

What the group has in flight in these queues ends, and what it acknowledges of it counts no more.
`

interface ResetOptions extends CommonOptions {
  readonly topic: string
  readonly latest?: true
  readonly earliest?: true
  readonly toTime?: number
  readonly toOffset?: number
  readonly queue?: number
}

/** Adds the verb to `group`. */
export function addGroupReset(group: Command): void {
  withCommonOptions(group.command('reset <NAME>'))
    .description('set where a group goes on in a topic')
    .requiredOption('--topic <TOPIC>', 'the topic')
    .option('--latest', 'skip all messages that are there')
    .option('--earliest', 'begin with the oldest message')
    .option('--to-time <TIME>', 'the first message stored at or after a time (ISO 8601)', time)
    .option('--to-offset <N>', 'this offset', whole(0, Number.MAX_SAFE_INTEGER))
    .option('--queue <N>', 'only this queue', whole(0, 65_535))
    .addHelpText('before', EXAMPLES)
    .action(reset)
}

function time(text: string): number {
  const ms = Date.parse(text)
  if (/^\d{4}-\d\d/.test(text) && ms >= 0) return ms
  throw new InvalidArgumentError('give a time such as 2026-11-01T12:00:00Z.')
}

async function reset(name: string, options: ResetOptions): Promise<void> {
  const { topic, queue } = options
  const place = placeOf(options)
  const request = { group: name, topic, ...place, ...(queue !== undefined && { queueId: queue }) }
  const { queues } = await withAdmin(options, (client) =>
    withTopicHint(client, topic, () =>
      withGroupHint(client, name, () => client.call('ResetOffsets', request)),
    ),
  )
  if (options.json === true) say(JSON.stringify({ group: name, topic, queues }))
  else say(`Group ${name} goes on in ${topic} from here:\n\n${resetTable(queues)}`)
}

function placeOf({ latest, earliest, toTime, toOffset }: ResetOptions): {
  readonly to: string
  readonly value: number
} {
  const places = [
    ...(latest === true ? [{ to: 'latest', value: 0 }] : []),
    ...(earliest === true ? [{ to: 'earliest', value: 0 }] : []),
    ...(toTime === undefined ? [] : [{ to: 'time', value: toTime }]),
    ...(toOffset === undefined ? [] : [{ to: 'offset', value: toOffset }]),
  ]
  const [place] = places
  if (place !== undefined && places.length === 1) return place
  throw new BrokerError('BAD_REQUEST', 'give one of --latest, --earliest, --to-time and --to-offset')
}

function resetTable(queues: readonly QueueOffset[]): string {
  return tableText(
    [
      { head: 'QUEUE', worth: 9, right: true, cell: (queue) => String(queue.queueId) },
      { head: 'NEXT MESSAGE', worth: 9, right: true, cell: (queue) => String(queue.offset) },
    ],
    queues,
    terminalWidth(),
  )
}
