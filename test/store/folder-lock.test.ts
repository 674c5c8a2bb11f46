import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { describeProcess, FolderLock, makeNext } from '../../src/store/folder-lock.ts'

let folder = ''
let child: ChildProcess | undefined

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'folder-lock-'))
})

afterEach(async () => {
  child?.kill('SIGKILL')
  child = undefined
  await rm(folder, { recursive: true, force: true })
})

/** Another process that lives until the end of the test, as the owner of the folder. */
async function otherOwner(): Promise<number> {
  child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)'])
  await once(child, 'spawn')
  const pid = child.pid ?? 0
  await writeFile(join(folder, 'lock.1'), JSON.stringify(await describeProcess(pid)))
  return pid
}

describe('a folder', () => {
  test('in use by a living process is refused with its pid', async () => {
    const pid = await otherOwner()
    await expect(FolderLock.take(folder)).rejects.toMatchObject({
      code: 'FOLDER_REFUSED',
      message: `The data folder ${folder} is in use by the process ${pid}.`,
    })
    expect(await readdir(folder)).toEqual(['lock.1'])
  })

  test('in use by this process is refused too', async () => {
    const lock = await FolderLock.take(folder)
    await expect(FolderLock.take(folder)).rejects.toMatchObject({ code: 'FOLDER_REFUSED' })
    await lock.release()
    await (await FolderLock.take(folder)).release()
    expect(await readdir(folder)).toEqual(['lock.4'])
  })

  test('of a process that was killed is taken over', async () => {
    await otherOwner()
    child?.kill('SIGKILL')
    if (child !== undefined) await once(child, 'exit')
    const lock = await FolderLock.take(folder)
    expect(JSON.parse(await readFile(join(folder, 'lock.2'), 'utf8'))).toMatchObject({ pid: process.pid })
    await lock.release()
  })

  test.each(['started', 'boot'])(
    'of another process with the same pid (other %s) is taken over',
    async (field) => {
      const pid = await otherOwner()
      const owner = { ...(await describeProcess(pid)), [field]: 'other' }
      await writeFile(join(folder, 'lock.1'), JSON.stringify(owner))
      await (await FolderLock.take(folder)).release()
    },
  )

  test('with a lock that nobody can read is taken over', async () => {
    for (const [i, text] of ['', '{', '{"pid":"x"}', 'null'].entries()) {
      await writeFile(join(folder, `lock.${100 * (i + 1)}`), text)
      await (await FolderLock.take(folder)).release()
    }
  })

  test('goes to exactly one of many that want it at once, also over a dead owner', async () => {
    for (let round = 0; round < 10; round++) {
      const own = join(folder, String(round))
      await mkdir(own)
      await writeFile(join(own, 'lock.1'), JSON.stringify({ pid: 1, started: 'never', boot: 'never' }))
      const takes = await Promise.allSettled(Array.from({ length: 8 }, () => FolderLock.take(own)))
      expect(takes.filter((take) => take.status === 'fulfilled')).toHaveLength(1)
      for (const take of takes) {
        if (take.status === 'rejected') expect(take.reason).toMatchObject({ code: 'FOLDER_REFUSED' })
      }
      expect(await readdir(own)).toEqual(['lock.2'])
    }
  })

  test('is not taken by a number below another: a process that was faster has passed it', async () => {
    await writeFile(join(folder, 'lock.3'), 'free')
    expect(await makeNext(folder, 2, 'mine')).toBe(false)
    expect(await readdir(folder)).toEqual(['lock.3'])
  })

  test('that was given free is not given free twice', async () => {
    const lock = await FolderLock.take(folder)
    await lock.release()
    const next = await FolderLock.take(folder)
    await lock.release()
    await expect(FolderLock.take(folder)).rejects.toMatchObject({ code: 'FOLDER_REFUSED' })
    await next.release()
  })
})

test('a process is told by its start, a missing one by nothing', async () => {
  const own = await describeProcess(process.pid)
  expect(own).toEqual(await describeProcess(process.pid))
  expect(await describeProcess(2 ** 22 + 1)).toMatchObject({ started: '' })
})
