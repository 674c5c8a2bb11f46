/** Runs seeds on all cores: this file is both the one who hands them out and, in a process of its own, who runs them. */
import { fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { runChecked, type AnyVerdict, type Kind } from './campaign.ts'

const FILE = fileURLToPath(import.meta.url)

export interface Job {
  readonly kind: Kind
  readonly seed: number
}

type Done = (job: Job, verdict: AnyVerdict) => void

/**
 * Runs the jobs that `next` gives until it gives none, and calls back with each verdict, in the order in which
 * they come. Rejects when a process dies.
 */
export async function runJobs(next: () => Job | null, done: Done): Promise<void> {
  await Promise.all(Array.from({ length: availableParallelism() }, () => runProcess(next, done)))
}

async function runProcess(next: () => Job | null, done: Done): Promise<void> {
  const first = next()
  if (first === null) return
  let job = first
  const child = fork(FILE, { serialization: 'advanced' })
  try {
    await new Promise<void>((resolve, reject) => {
      child.on('error', reject)
      child.on('exit', () => reject(new Error('a process of the simulator ended')))
      child.on('message', (verdict) => {
        done(job, verdict as AnyVerdict)
        const another = next()
        if (another === null) {
          resolve()
          return
        }
        job = another
        child.send(job)
      })
      child.send(job)
    })
  } finally {
    child.removeAllListeners('exit')
    child.kill()
  }
}

if (process.argv[1] === FILE) {
  process.on('message', (message) => {
    const { kind, seed } = message as Job
    void runChecked(kind, seed).then((verdict) => process.send?.(verdict))
  })
}
