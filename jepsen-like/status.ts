/** The group as `dledger-cli status --json` tells it. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { projectFolder, sleep } from '../bench/children.ts'
import { checkDigests, type MemberDigests } from './checkers/digests.ts'

const CLI_MS_MAX = 20_000
const TRIES = 20
const PAUSE_MS = 500

/** The digests of all members, asked again for a while until they can be compared. */
export async function readDigests(addresses: readonly string[]): Promise<readonly MemberDigests[]> {
  let members: readonly MemberDigests[] = []
  for (let tried = 0; tried < TRIES; tried++) {
    members = await askDigests(addresses)
    if (checkDigests(members).verdict !== 'unknown') return members
    await sleep(PAUSE_MS)
  }
  return members
}

function askDigests(addresses: readonly string[]): Promise<readonly MemberDigests[]> {
  const cli = join(projectFolder(), 'bin', 'dledger-cli.cjs')
  const args = [cli, 'status', '--json', '--endpoints', addresses.join(',')]
  return new Promise((resolve) => {
    execFile(process.execPath, args, { timeout: CLI_MS_MAX }, (_error, out) => {
      // The exit code tells how the group is; here only what it says counts.
      const { groups } = JSON.parse(out) as { groups: { members: Partial<MemberDigests>[] }[] }
      const members = groups.flatMap((group) => group.members)
      resolve(members.map(({ id = 0, digests = [] }) => ({ id, digests })))
    })
  })
}
