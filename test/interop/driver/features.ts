/** What each published library can do, by version: data for the runs, for the table and for people. */
import type { LanguageName } from './languages.ts'

/** What a case may need of a library. `fifo-retry`: a refused message holds up those behind it. */
export type Feature = 'push' | 'change' | 'recall' | 'tls' | 'send-retry' | 'fifo-retry' | 'priority' | 'lite'

/** Why a library lacks a feature. What is not here it has. */
export const LACKS: Readonly<Record<LanguageName, Readonly<Partial<Record<Feature, string>>>>> = {
  node: {},
  java: {},
  go: {
    'fifo-retry':
      'while a message that the listener refused waits for its next try, later ones of the same batch are consumed',
  },
  python: {},
  rust: {
    push: 'the published crate has a simple consumer only',
    change: 'the simple consumer of the published crate cannot change the invisible time',
    recall: 'a send gives no recall handle and there is no call to recall',
    tls: 'the option only changes the address to https, the TLS settings are left out in the source',
    'send-retry':
      'a send is tried once: those in flight when its node dies fail, until it is connected again',
    priority: 'the message builder knows no priority',
    lite: 'the message builder knows no lite topic',
  },
}

/** The first of these features that the library lacks, as a sentence; empty if it has all. */
export function lackOf(language: LanguageName, library: string, needs: readonly Feature[]): string {
  for (const feature of needs) {
    const why = LACKS[language][feature]
    if (why !== undefined) return `${library} lacks it: ${why}`
  }
  return ''
}
