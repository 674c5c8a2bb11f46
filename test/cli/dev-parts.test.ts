/** Parts of the development cluster that need no process. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { loadBrokerConfig, loadNamesrvConfig } from '../../src/cli/config-file.ts'
import { DevFolder } from '../../src/cli/dev-folder.ts'
import { type DevShape, portsOf, processesOf } from '../../src/cli/dev-plan.ts'
import { endText, killLine, languageLines, welcomeText } from '../../src/cli/dev-texts.ts'
import { listenersOn, portFault } from '../../src/cli/port-check.ts'

const SHAPE: DevShape = { nodes: 3, port: 8081, namesrvPort: 9876, peerPort: 40911 }

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dledger-dev-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

describe('ports', () => {
  test('each needed port comes with the flag that moves it', () => {
    expect(portsOf(SHAPE).map(({ port, flag }) => `${port} ${flag}`)).toEqual([
      '9876 --namesrv-port',
      '8081 --port',
      '8082 --port',
      '8083 --port',
      '40911 --peer-port',
      '40912 --peer-port',
      '40913 --peer-port',
    ])
  })

  test.each<[string, Partial<DevShape>, RegExp]>([
    ['asked for twice', { namesrvPort: 8082 }, /port 8082 is asked for twice: .*--namesrv-port.*--port/],
    ['beyond the last', { peerPort: 65_535 }, /--peer-port: 65536 .* beyond 65535/],
  ])('a port %s is refused in one sentence', (_, change, words) => {
    expect(() => portsOf({ ...SHAPE, ...change })).toThrow(words)
  })

  test('a port in use is told, on Linux with the process that has it', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const fault = await portFault(port)
    expect(fault).toContain(`port ${port} is in use`)
    if (process.platform === 'linux') expect(fault).toContain(`(pid ${process.pid})`)
    await new Promise((resolve) => server.close(resolve))
    expect(await portFault(port)).toBeUndefined()
  })

  test('only listening sockets of that very port count', () => {
    const table = [
      '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
      '   0: 0100007F:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111 1',
      '   1: 0100007F:1F91 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 222 1',
      '   2: 0100007F:1F92 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 333 1',
    ].join('\n')
    expect(listenersOn(table, 8081)).toEqual(['111'])
  })
})

describe('a data folder', () => {
  test('gives each process a configuration that is valid, with the cluster to found the first time only', async () => {
    const dev = await DevFolder.open(folder)
    expect(dev.load()).toBeUndefined()
    const plan = () => dev.prepare(SHAPE, (bootstrap) => processesOf(SHAPE, bootstrap))
    const [namesrv, first] = plan()
    if (namesrv === undefined || first === undefined) throw new Error('no processes were planned')
    expect(loadNamesrvConfig(dev.configFile(namesrv)).listen).toBe('127.0.0.1:9876')
    const config = loadBrokerConfig(dev.configFile(first))
    expect(config).toMatchObject({
      id: 1,
      dataFolder: join(folder, 'member-1'),
      nameServers: ['127.0.0.1:9876'],
    })
    expect(config.bootstrap).toMatch(/^dev-/)
    dev.founded(SHAPE)
    plan()
    expect(loadBrokerConfig(dev.configFile(first)).bootstrap).toBeUndefined()
    expect(dev.load()).toMatchObject({ nodes: 3, founded: true })
    await dev.close()
  })

  test('belongs to one process at a time', async () => {
    const dev = await DevFolder.open(folder)
    await expect(DevFolder.open(folder)).rejects.toThrow(
      new RegExp(`in use by the process ${process.pid}.*--data`),
    )
    await dev.close()
    await (await DevFolder.open(folder)).close()
  })

  test('with other files in it is neither used nor deleted', async () => {
    writeFileSync(join(folder, 'thesis.txt'), 'years of work')
    await expect(DevFolder.open(folder)).rejects.toThrow(/holds something else \(thesis\.txt\)/)
    expect(readFileSync(join(folder, 'thesis.txt'), 'utf8')).toBe('years of work')
  })

  test('is empty after a reset, even when its note cannot be read', async () => {
    writeFileSync(join(folder, 'dev.json'), 'no JSON')
    const dev = await DevFolder.open(folder)
    expect(() => dev.load()).toThrow(/--reset/)
    dev.reset()
    expect(dev.load()).toBeUndefined()
    expect(readdirSync(folder).filter((name) => !name.startsWith('lock.'))).toEqual(['logs'])
    await dev.close()
  })
})

describe('texts', () => {
  test('each language writes the addresses as its client reads them', () => {
    expect(languageLines(['a:1', 'b:2']).map((line) => line.trim().replace(/ {2,}/g, ' '))).toEqual([
      'Java, Go, Python, C++ a:1;b:2',
      'Rust a:1,b:2',
      'Node, C# a:1 (one address, or one DNS name for all)',
    ])
  })

  test('the welcome says what runs, where, and what to try, with the line that kills the leader', () => {
    const text = welcomeText({
      version: '0.1.0',
      shape: SHAPE,
      folder: '/x/.dledger',
      caPath: '/data/tls/ca.crt',
      topic: 'hello',
      leaderId: 2,
      processes: [
        { name: 'name server', pid: 1 },
        { name: 'member 1', pid: 11 },
        { name: 'member 2', pid: 12 },
      ],
      ms: 2_345,
      windows: false,
    })
    for (const part of ['127.0.0.1:8083', '127.0.0.1:9876', '/x/.dledger', 'member 1 11', 'ready in 2.3 s']) {
      expect(text).toContain(part)
    }
    expect(text).toContain('kill -9 12    kills the leader, member 2')
    expect(text).toContain('npm run cli -- status')
    expect(text).not.toContain('npx')
  })

  test('killing and ending are told as the system says it', () => {
    expect(killLine(7, true)).toBe('taskkill /F /PID 7')
    expect(endText('member 2', 7, null, 'SIGKILL')).toBe('member 2 (pid 7) was killed by SIGKILL')
    expect(endText('member 2', 7, 78, null)).toBe('member 2 (pid 7) ended with code 78')
  })
})
