/** `offset show`: where a consumer group stands in each queue, in all that is known of it. */
import type { Command } from 'commander'
import type { GroupQueueStatus } from '../rpc/admin-types.ts'
import { withAdmin, withGroupHint } from './admin-client.ts'
import { type CommonOptions, withCommonOptions } from './cli-options.ts'
import { say, terminalWidth } from './terminal.ts'
import { tableText } from './text-table.ts'

const EXAMPLES = `Examples:
  npm run cli -- offset show billing

DONE: all before it is consumed. KEPT: what a group that pulls has stored itself. MISSED: messages that
retention took away before the group was given them.
`

/** Adds the command. */
export function addOffsetCommand(program: Command): void {
  const offset = program.command('offset').description('where consumer groups stand')
  offset.addHelpText('before', EXAMPLES)
  withCommonOptions(offset.command('show <GROUP>'))
    .description('the offsets of a group in each queue')
    .addHelpText('before', EXAMPLES)
    .action(show)
}

async function show(group: string, options: CommonOptions): Promise<void> {
  const { queues } = await withAdmin(options, (client) =>
    withGroupHint(client, group, () => client.call('DescribeGroup', { name: group })),
  )
  if (options.json === true) say(JSON.stringify({ group, queues }))
  else if (queues.length === 0) say(`Group ${group} has not read any topic yet.`)
  else say(offsetTable(queues))
}

function offsetTable(queues: readonly GroupQueueStatus[]): string {
  return tableText(
    [
      { head: 'TOPIC', worth: 9, cell: (queue) => queue.topic },
      { head: 'QUEUE', worth: 9, right: true, cell: (queue) => String(queue.queueId) },
      { head: 'FIRST', worth: 4, right: true, cell: (queue) => String(queue.minOffset) },
      { head: 'DONE', worth: 8, right: true, cell: (queue) => String(queue.committed) },
      { head: 'HANDED OUT', worth: 6, right: true, cell: (queue) => String(queue.cursor) },
      { head: 'NEXT', worth: 7, right: true, cell: (queue) => String(queue.nextOffset) },
      { head: 'LAG', worth: 8, right: true, cell: (queue) => String(queue.lag) },
      { head: 'MISSED', worth: 5, right: true, cell: (queue) => String(queue.missed) },
      { head: 'KEPT', worth: 6, right: true, cell: (queue) => String(queue.storedOffset ?? '-') },
    ],
    queues,
    terminalWidth(),
  )
}
