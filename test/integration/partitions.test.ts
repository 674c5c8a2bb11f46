/** The fault scripts on namespaces of their own: what a person would run by hand, and that nothing stays behind. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import {
  makeNamespaces,
  type Namespaces,
  noNamespaces,
  removeNamespaces,
} from '../../jepsen-like/cluster/namespaces.ts'
import { runScript } from '../../jepsen-like/scripts.ts'

const why = noNamespaces()
const possible = test.runIf(why === '')
if (why !== '') console.warn(`the tests of partitions are left out: ${why}`)

let folder = ''

afterEach(() => {
  if (why === '') removeNamespaces(process.pid)
  rmSync(folder, { recursive: true, force: true })
})

function made(): { spaces: Namespaces; nodes: string } {
  folder = mkdtempSync(join(tmpdir(), 'dledger-partitions-'))
  const spaces = makeNamespaces(3)
  const nodes = join(folder, 'nodes')
  writeFileSync(nodes, spaces.nodesText)
  return { spaces, nodes }
}

/** From whom each member hears: sends one datagram from everybody to everybody. */
function hearing(spaces: Namespaces): string[] {
  const listen = `const s=require('dgram').createSocket('udp4'),h=new Set();s.on('message',(m)=>h.add(String(m)));
    s.bind(7000);setTimeout(()=>{console.log([...h].sort().join(''));process.exit()},3000)`
  const speak = (id: number): string => `const s=require('dgram').createSocket('udp4');
    const all='${spaces.members.map((member) => member.host).join()}'.split(',');
    setInterval(()=>all.forEach((a)=>s.send('${id}',7000,a,()=>{})),50);setTimeout(()=>process.exit(),2500)`
  const script = spaces.members.flatMap(({ id, prefix }) => [
    `${prefix.join(' ')} node -e "${listen}" > ${folder}/heard-${id} &`,
    `${prefix.join(' ')} node -e "${speak(id)}" &`,
  ])
  execFileSync('sh', ['-c', `${script.join('\n')}\nwait`], { timeout: 30_000 })
  return spaces.members.map(({ id }) =>
    execFileSync('cat', [join(folder, `heard-${id}`)], { encoding: 'utf8' }).trim(),
  )
}

possible('each script cuts exactly what its page says, and heal ends it', async () => {
  const { spaces, nodes } = made()
  const shapes: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ['isolate', ['2'], ['13', '2', '13']],
    ['split', ['1'], ['1', '23', '23']],
    ['one-way', ['1', '2'], ['123', '23', '123']],
    ['one-way', ['2,3', '1'], ['1', '123', '123']],
    ['bridge', ['2'], ['12', '123', '23']],
    ['ring', [], ['12', '23', '13']],
  ]
  for (const [script, words, heard] of shapes) {
    await runScript(nodes, script, ...words)
    expect([script, ...hearing(spaces)]).toEqual([script, ...heard])
    await runScript(nodes, 'heal')
  }
  expect(hearing(spaces)).toEqual(['123', '123', '123'])
  const rules = execFileSync('ip', ['-n', spaces.members[0]?.prefix.at(-1) ?? '', 'rule'], {
    encoding: 'utf8',
  })
  expect(rules.split('\n')[0]).toMatch(/^0:\s+from all lookup local/)
})

possible('a script that names nobody says so and cuts nothing', async () => {
  const { nodes } = made()
  await expect(runScript(nodes, 'isolate', '9')).rejects.toThrow(/there is no '9'/)
  await expect(runScript(nodes, 'split')).rejects.toThrow(/split WHO/)
  expect(await runScript(nodes, 'heal')).toBe('')
})

possible('namespaces are gone with everything that ran in them', () => {
  const { spaces } = made()
  const name = spaces.members[0]?.prefix.at(-1) ?? ''
  execFileSync('sh', ['-c', `ip netns exec ${name} sleep 1000 >/dev/null 2>&1 &`])
  expect(removeNamespaces(process.pid)).toHaveLength(5)
  const left = execFileSync('ip', ['netns', 'list'], { encoding: 'utf8' })
  expect(left).not.toContain(`dlj-${process.pid}-`)
})
