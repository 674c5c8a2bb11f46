/** Runs seeds on all cores: this file is both the one who hands them out and, in a thread, the one who runs them. */
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { runChecked, type AnyVerdict, type Kind } from './campaign.ts'

export interface Job {
  readonly kind: Kind
  readonly seed: number
}

/**
 * Runs the jobs that `next` gives until it gives none, and calls back with each verdict, in the order in which
 * they come. Rejects when a thread dies.
 */
export async function runJobs(
  next: () => Job | null,
  done: (job: Job, verdict: AnyVerdict) => void,
): Promise<void> {
  await Promise.all(Array.from({ length: availableParallelism() }, () => runThread(next, done)))
}

async function runThread(
  next: () => Job | null,
  done: (job: Job, verdict: AnyVerdict) => void,
): Promise<void> {
  const first = next()
  if (first === null) return
  let job = first
  const worker = new Worker(fileURLToPath(import.meta.url))
  try {
    await new Promise<void>((resolve, reject) => {
      worker.on('error', reject)
      worker.on('exit', () => reject(new Error('a thread of the simulator ended')))
      worker.on('message', (verdict: AnyVerdict) => {
        done(job, verdict)
        const another = next()
        if (another === null) {
          resolve()
          return
        }
        job = another
        worker.postMessage(job)
      })
      worker.postMessage(job)
    })
  } finally {
    await worker.terminate()
  }
}

if (!isMainThread && parentPort !== null) {
  const port = parentPort
  port.on('message', ({ kind, seed }: Job) => {
    void runChecked(kind, seed).then((verdict) => port.postMessage(verdict))
  })
}
