/**
 * A whole program of its own, since the thread pool's size is fixed when a process begins. A hundred long reads
 * wait and the tables are kept busy; the writes of a log come after all of them and must not wait for them.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const DIST = join(import.meta.dirname, '..', '..', 'dist')

const PROGRAM = `
const { NodeDisk } = await import(${JSON.stringify(join(DIST, 'store/node-disk.js'))})
const { LevelKv } = await import(${JSON.stringify(join(DIST, 'store/level-kv.js'))})
const folder = process.argv[1]
const disk = new NodeDisk(folder)
const large = await disk.open('large', { create: true })
await large.truncate(1 << 28)
const into = new Uint8Array(1 << 28)
let readsDone = 0
for (let n = 0; n < 100; n++) void large.read(into, 0).then(() => readsDone++)
const kv = await LevelKv.open(folder + '/tables')
const rows = Array.from({ length: 2000 }, (_, n) => ({ key: Buffer.from('k' + n), value: Buffer.alloc(2000, n) }))
for (let n = 0; n < 50; n++) void kv.batch(rows)
const log = await disk.open('log', { create: true })
for (let n = 0; n < 20; n++) {
  await log.write([Buffer.alloc(4096, n)], n * 4096)
  await log.sync()
}
console.log(readsDone)
process.exit(0)
`

test('writes and syncs go on while every place for reads is taken and the tables are busy', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'dledger-pool-'))
  try {
    const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM, folder], {
      env: { ...process.env, UV_THREADPOOL_SIZE: '16' },
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: 25_000,
    })
    let said = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    const code = await new Promise<number | null>((resolve) => child.once('exit', resolve))
    expect(code).toBe(0)
    expect(Number(said)).toBeLessThan(50)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('the program gives the pool more threads than all readers take', () => {
  const program = readFileSync(join(DIST, '..', 'bin', 'dledger.cjs'), 'utf8')
  const threads = Number(/UV_THREADPOOL_SIZE \|\| '(\d+)'/.exec(program)?.[1])
  expect(threads).toBeGreaterThan(8)
})
