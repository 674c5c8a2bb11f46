/**
 * Puts a state that was taken in the place of tables and log, at a start, before anything of them is opened. Each
 * step can be done again, so a crash at any point leaves a folder in which the next start goes on:
 *
 * 1. `log/state.taken` is there: the tables are made those of the state, with a sync; then segments, their indexes
 *    and the start of the old log are removed, durably; then the file is renamed to `log/state.moving`.
 * 2. `log/state.moving` is there: what was received gets its real name, durably; then the file goes.
 *
 * Term, vote and doubt stay as they are.
 */
import { BrokerError } from '../../base/errors.ts'
import type { Disk, Kv, KvWrite, Logger } from '../../base/ports.ts'
import { LOG_FOLDER, segmentStartOf } from '../segment.ts'
import { IncomingState, TAKEN_PATH } from './incoming-state.ts'
import { ALL_ROWS_END, ALL_ROWS_START } from './row-pages.ts'
import { RowsFile } from './rows-file.ts'
import { SIDE_ENDING, SideFiles } from './side-files.ts'

const MOVING_PATH = `${LOG_FOLDER}/state.moving`

/**
 * Finishes what `IncomingState.commit` began. Without it only leftovers go. Rejects with what disk or tables throw,
 * DATA_DAMAGED when what was taken is not whole any more.
 */
export async function installState(disk: Disk, kv: Kv, logger: Logger): Promise<void> {
  const names = await disk.list(LOG_FOLDER)
  if (names.includes('state.taken')) await makeRoom(disk, kv)
  else if (!names.includes('state.moving')) {
    // Without a head nothing goes on: it is what a crash left at the end of an installation.
    if (!names.includes(`state${SIDE_ENDING}`)) await IncomingState.discard(disk)
    return
  }
  await moveIn(disk)
  logger.info({}, 'state of the group installed')
}

async function makeRoom(disk: Disk, kv: Kv): Promise<void> {
  await replaceRows(disk, kv)
  for (const name of await disk.list(LOG_FOLDER)) {
    if (isOfLog(name) && name !== 'synced') await disk.remove(`${LOG_FOLDER}/${name}`)
  }
  await disk.syncFolder(LOG_FOLDER)
  await disk.rename(TAKEN_PATH, MOVING_PATH)
  await disk.syncFolder(LOG_FOLDER)
}

async function moveIn(disk: Disk): Promise<void> {
  for (const name of await new SideFiles(disk).list(LOG_FOLDER)) {
    if (isOfLog(name)) await disk.rename(`${LOG_FOLDER}/${name}${SIDE_ENDING}`, `${LOG_FOLDER}/${name}`)
  }
  await disk.syncFolder(LOG_FOLDER)
  await disk.remove(MOVING_PATH)
  await disk.syncFolder(LOG_FOLDER)
  await IncomingState.discard(disk)
}

function isOfLog(name: string): boolean {
  return (
    segmentStartOf(name) !== undefined || /^\d{20}\.index$/.test(name) || name === 'base' || name === 'synced'
  )
}

async function replaceRows(disk: Disk, kv: Kv): Promise<void> {
  const file = await RowsFile.open(new SideFiles(disk))
  try {
    if (!file.isComplete)
      throw new BrokerError('DATA_DAMAGED', 'The rows of the state that was taken are damaged.')
    for await (const rows of kv.scan(ALL_ROWS_START, ALL_ROWS_END)) {
      await kv.batch(rows.map(([key]): KvWrite => ({ key, value: null })))
    }
    for await (const rows of file.rows())
      await kv.batch(rows.map(([key, value]): KvWrite => ({ key, value })))
  } finally {
    await file.close()
  }
  await kv.sync()
}
