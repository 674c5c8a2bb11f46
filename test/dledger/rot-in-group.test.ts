/**
 * A group whose members take turns in having their disks rot, lose files and lose power, with the production
 * files of log, recovery, repair and Raft on simulated disks. Whatever was acknowledged is there in the end, once
 * and in order, and the files of all members are equal.
 */
import { expect, test } from 'vitest'
import { logIndex } from '../../src/base/brand.ts'
import { utf8Text } from '../../src/base/bytes.ts'
import { Prng } from '../../src/base/prng.ts'
import { segmentsOf } from '../support/log-harness.ts'
import { settle } from '../support/manual-clock.ts'
import { SimGroup, type SimMember } from '../support/sim-group.ts'

const SIZES = { segmentBytes: 8192, recordBytesMax: 4096, writeBytesMax: 6000, tailCacheBytesMax: 700 }
const ROUNDS = 12

/** What one run did, so that a run without faults is not taken for a proof. */
interface Story {
  readonly acknowledged: string[]
  rounds: number
  flips: number
  lost: number
  repaired: number
  doubts: number
}

function flipBits(member: SimMember, prng: Prng, count: number): void {
  const paths = segmentsOf(member.disk).map(([path]) => path)
  for (let flip = 0; flip < count && paths.length > 0; flip++) {
    member.disk.edit(prng.pick(paths), (bytes) => {
      const at = prng.below(Math.max(1, bytes.byteLength))
      if (bytes.byteLength > 0) bytes[at] = (bytes[at] ?? 0) ^ (1 << prng.below(8))
      return bytes
    })
  }
}

/** Takes a segment away, or a part of its end. */
function loseBytes(member: SimMember, prng: Prng): void {
  const paths = segmentsOf(member.disk).map(([path]) => path)
  if (paths.length === 0) return
  const path = prng.pick(paths)
  if (prng.chance(0.5)) member.disk.lose(path)
  else member.disk.edit(path, (bytes) => bytes.slice(0, prng.below(bytes.byteLength + 1)))
}

async function say(group: SimGroup, prng: Prng, story: Story): Promise<void> {
  const leader = group.members.find((member) => member.server?.leading === true)
  if (leader === undefined) return
  story.rounds++
  const texts = Array.from({ length: prng.below(8, 1) }, (_, n) => {
    return `${story.rounds}.${n} ${'x'.repeat(prng.below(300))}`
  })
  for (const text of texts) {
    group.propose(leader, text).then(
      () => story.acknowledged.push(text),
      () => undefined,
    )
  }
  await group.run(200)
}

/** Starts members that are down, all at once, as long as that takes. */
async function startAll(group: SimGroup): Promise<void> {
  let left = 0
  for (const member of group.members.filter((one) => one.server === null)) {
    left++
    void group.startMember(member).then(() => left--)
  }
  await group.until('all have started', () => left === 0)
}

async function crash(group: SimGroup, member: SimMember): Promise<void> {
  group.crash(member)
  for (let i = 0; i < 10; i++) await settle()
}

/** Reads the whole log of a running member as the scrub does. */
async function scrub(group: SimGroup, member: SimMember): Promise<void> {
  const { log } = member
  if (log === null) return
  let done = false
  const read = async (): Promise<void> => {
    for (let next = logIndex(1); ; ) {
      const checked = await log.care.check(next, 1 << 16)
      if (checked === null) break
      expect(checked.sound).toBe(true)
      next = checked.next
    }
    done = true
  }
  const reading = read()
  await group.until('the log was read', () => done)
  await reading
}

async function round(group: SimGroup, prng: Prng, story: Story): Promise<void> {
  await say(group, prng, story)
  const victim = prng.pick(group.members)
  const harm = prng.pick(['up', 'down', 'lost', 'all', 'two'] as const)
  const repairedBefore = victim.log?.care.damage.repaired ?? 0
  if (harm === 'up') {
    await group.converge()
    story.flips += 5
    flipBits(victim, prng, 5)
    await say(group, prng, story)
    await scrub(group, victim)
    story.repaired += (victim.log?.care.damage.repaired ?? 0) - repairedBefore
  } else {
    const away = harm === 'all' ? group.members : group.members.filter((one) => one === victim)
    const other = prng.pick(group.members)
    const down = harm === 'two' && other !== victim ? [...away, other] : away
    for (const member of down) await crash(group, member)
    if (harm === 'lost') loseBytes(victim, prng)
    else flipBits(victim, prng, 3)
    story.lost += harm === 'lost' ? 1 : 0
    story.flips += harm === 'lost' ? 0 : 3
    await say(group, prng, story)
    await startAll(group)
    for (const member of down) {
      story.repaired += member.log?.care.damage.repaired ?? 0
      if (member.log?.care.doubtTerm !== null) story.doubts++
    }
  }
  await group.leader()
  await group.converge()
}

async function textsOf(member: SimMember): Promise<string[]> {
  const texts: string[] = []
  const { log } = member
  if (log === null) return texts
  for (let index = 1; index <= log.lastIndex; index++) {
    const body = utf8Text(await log.readBody(logIndex(index)))
    texts.push(...body.split('\n').slice(0, -1))
  }
  return texts
}

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'disks that rot one after the other lose nothing that was acknowledged (seed %i)',
  async (seed) => {
    const prng = new Prng(seed)
    const group = await SimGroup.start(3, seed, SIZES)
    const story: Story = { acknowledged: [], rounds: 0, flips: 0, lost: 0, repaired: 0, doubts: 0 }
    await group.leader()
    for (let at = 0; at < ROUNDS; at++) await round(group, prng, story)
    for (const member of group.members) await scrub(group, member)
    expect(story.acknowledged.length).toBeGreaterThan(20)
    expect(story.flips).toBeGreaterThan(5)
    expect(story.repaired).toBeGreaterThan(0)
    for (const member of group.members) {
      const texts = await textsOf(member)
      expect(new Set(texts).size).toBe(texts.length)
      const kept = new Set(texts)
      expect(story.acknowledged.filter((text) => !kept.has(text))).toEqual([])
      expect(segmentsOf(member.disk)).toEqual(segmentsOf(group.members[0]?.disk ?? member.disk))
      expect(member.failure).toBeNull()
      expect(member.server?.status.doubtTerm).toBeNull()
    }
  },
  60_000,
)
