/**
 * Judges topics that were created under fire: one whose creation was acknowledged can be used at once through
 * any member and is known to each member at the end. Pure.
 */
import type { HistoryEvent, Operation } from '../history.ts'
import type { Judgement } from '../verdict.ts'

/** `createdMin`: a run that created fewer topics says nothing. */
export function checkTopics(history: readonly HistoryEvent[], createdMin: number): Judgement {
  const operations = new Map<number, Operation>()
  const created = new Set<string>()
  const looked = new Set<string>()
  const stories: string[] = []
  for (const event of history) {
    if (event.t === 'invoke') operations.set(event.i, event.v)
    if (event.t === 'invoke' || event.t === 'nemesis') continue
    const operation = operations.get(event.ref)
    if (operation?.f === 'create' && event.t === 'ok') created.add(operation.key)
    if (operation?.f === 'use' && event.t === 'fail') {
      stories.push(`topic ${operation.key} was created, yet a send to it was refused: ${event.e}`)
    }
    if (operation?.f === 'find' && event.t !== 'info') looked.add(operation.key)
    if (operation?.f === 'find' && event.t === 'fail' && created.has(operation.key)) {
      stories.push(`topic ${operation.key} was created, yet member ${operation.member} does not know it`)
    }
  }
  if (stories.length > 0) return { judge: 'topics', verdict: false, stories }
  const unseen = [...created].filter((key) => !looked.has(key)).length
  if (unseen > 0 || created.size < createdMin) {
    const why = `${created.size} topics were created, ${unseen} of them could not be looked for`
    return { judge: 'topics', verdict: 'unknown', stories: [why] }
  }
  return { judge: 'topics', verdict: true, stories }
}
