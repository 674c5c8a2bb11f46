/** Runs the fault scripts (scripts/*), the same ones that a person runs by hand. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { projectFolder } from '../bench/children.ts'

const SCRIPT_MS_MAX = 15_000

/** Runs one script over the nodes of `nodesFile`. Rejects with what it said when it fails. */
export function runScript(nodesFile: string, name: string, ...args: readonly string[]): Promise<string> {
  const script = join(projectFolder(), 'jepsen-like', 'scripts', name)
  const env = { ...process.env, DLEDGER_NODES: nodesFile }
  return new Promise((resolve, reject) => {
    execFile(script, [...args], { env, timeout: SCRIPT_MS_MAX }, (error, out, notes) => {
      if (error === null) resolve(out)
      else reject(new Error(`${name} ${args.join(' ')}: ${notes || error.message}`))
    })
  })
}
