/** Links that are dead in one direction only: the group must go on (full omission is worse than a clean cut). */
import { expect, test } from 'vitest'
import { SimGroup } from '../support/sim-group.ts'

const IDS = [1, 2, 3]
const LINKS = IDS.flatMap((from) => IDS.filter((to) => to !== from).map((to) => `${from}>${to}`))
const NODES = IDS.flatMap((id) => [
  LINKS.filter((link) => link.startsWith(`${id}>`)),
  LINKS.filter((link) => link.endsWith(`>${id}`)),
])

const CASES = [...LINKS.map((link) => [link]), ...NODES].map((dead) => [dead.join(' and '), dead] as const)

test.each(CASES)(
  'a group of three goes on acknowledging without %s, and is whole again afterwards',
  async (_, dead) => {
    const group = await SimGroup.start(3)
    await group.leader()
    for (const link of dead) group.cut.add(link)
    const answered = await answeredBySomebody(group)
    expect(answered).toBe('did x')
    group.cut.clear()
    await group.leader()
    await group.converge()
  },
)

/** Proposes again and again to whoever leads, as a client does, and returns the first reply. */
async function answeredBySomebody(group: SimGroup): Promise<string | undefined> {
  const replies: string[] = []
  for (let attempt = 0; attempt < 40 && replies.length === 0; attempt++) {
    for (const member of group.members) {
      if (member.server?.leading !== true) continue
      group.propose(member, 'x').then(
        (applied) => void replies.push(applied.reply),
        () => undefined,
      )
    }
    await group.run(250)
  }
  return replies[0]
}
