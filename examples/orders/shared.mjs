/** What all examples of this folder use: where the cluster is, and a logger that keeps the library quiet. */
const quiet = { info() {}, warn() {}, error() {}, debug() {}, close() {} }

/** Options of every client; the first argument is an address of the cluster. */
export const CLUSTER = { endpoints: process.argv[2] ?? 'localhost:8081', namespace: '', logger: quiet }

/** Waits until `holds` or throws after `seconds`. */
export async function until(what, seconds, holds) {
  const end = Date.now() + seconds * 1_000
  while (!holds()) {
    if (Date.now() > end) throw new Error(`waited ${seconds} s in vain: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
