import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { hasCode, NodeDisk } from '../../src/store/node-disk.ts'

let root = ''
let disk = new NodeDisk('')

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'node-disk-'))
  disk = new NodeDisk(root)
})

afterEach(async () => {
  await rm(root, { recursive: true, force: true })
})

describe('a file', () => {
  test('holds what was written at its place, and reads past the end find less', async () => {
    const file = await disk.open('a', { create: true })
    await file.write([Buffer.from('hello '), Buffer.alloc(0), Buffer.from('world')], 3)
    await file.sync()
    expect(await file.size()).toBe(14)
    const into = Buffer.alloc(20, 'x')
    expect(await file.read(into, 3)).toBe(11)
    expect(into.toString('latin1', 0, 12)).toBe('hello worldx')
    expect(await file.read(into, 14)).toBe(0)
    await file.close()
  })

  test('takes more chunks than one system call does', async () => {
    const file = await disk.open('many', { create: true })
    const chunks = Array.from({ length: 5000 }, (_, i) => Buffer.from(String(i % 10)))
    await file.write(chunks, 0)
    const into = Buffer.alloc(6000)
    expect(await file.read(into, 0)).toBe(5000)
    expect(into.subarray(0, 5000)).toEqual(Buffer.concat(chunks))
    await file.close()
  })

  test('becomes shorter, and what is written behind leaves zeros between', async () => {
    const file = await disk.open('a', { create: true })
    await file.write([Buffer.from('abcdef')], 0)
    await file.truncate(2)
    await file.sync()
    await file.write([Buffer.from('z')], 4)
    await file.sync()
    const into = Buffer.alloc(9)
    expect(await file.read(into, 0)).toBe(5)
    expect(into.toString('latin1', 0, 5)).toBe('ab\0\0z')
    await file.close()
  })

  test('that is missing is not made unless asked for', async () => {
    await expect(disk.open('missing', { create: false })).rejects.toMatchObject({ code: 'ENOENT' })
  })

  test('serves many reads at once through few places', async () => {
    const file = await disk.open('a', { create: true })
    await file.write([Buffer.alloc(4096, 7)], 0)
    const reads = Array.from({ length: 100 }, (_, i) => file.read(Buffer.alloc(10), i))
    expect(await Promise.all(reads)).toEqual(reads.map(() => 10))
    await file.close()
  })
})

describe('a folder', () => {
  test('lists its files, sorted, and is empty when it is not there', async () => {
    await disk.makeFolder('log')
    await disk.makeFolder('log')
    for (const name of ['b', 'a']) await writeFile(join(root, 'log', name), '')
    await disk.makeFolder('log/folder')
    expect(await disk.list('log')).toEqual(['a', 'b'])
    expect(await disk.list('nowhere')).toEqual([])
    await disk.syncFolder('log')
    await disk.syncFolder('.')
  })

  test('follows renames and removals', async () => {
    await writeFile(join(root, 'a'), 'a')
    await disk.rename('a', 'b')
    expect(await disk.list('.')).toEqual(['b'])
    await disk.remove('b')
    expect(await disk.list('.')).toEqual([])
    await expect(disk.remove('b')).rejects.toMatchObject({ code: 'ENOENT' })
  })

  test('is never left by a path', async () => {
    await expect(disk.open('../a', { create: true })).rejects.toThrow('stays in its folder')
    await expect(disk.open('/tmp/a', { create: true })).rejects.toThrow('stays in its folder')
  })
})

test('the space of the file system is known', async () => {
  const { freeBytes, totalBytes } = await disk.space()
  expect(freeBytes).toBeGreaterThan(0)
  expect(totalBytes).toBeGreaterThanOrEqual(freeBytes)
})

test('codes of the operating system are told from other errors', () => {
  expect(hasCode(Object.assign(new Error('x'), { code: 'EIO' }), 'EIO')).toBe(true)
  expect(hasCode(new Error('EIO'), 'EIO')).toBe(false)
  expect(hasCode('EIO', 'EIO')).toBe(false)
})
