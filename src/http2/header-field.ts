/**
 * One header field as it is kept in tables and lists. What a name means for a request is worked out once,
 * when the field is made, for most fields of a call come out of a table.
 */
/** What a field is for a request: a pseudo-header, a usual one, or one that HTTP/2 forbids. */
export type FieldKind = 'regular' | 'method' | 'scheme' | 'authority' | 'path' | 'forbidden'

/** A name and a value, one character an octet. */
export interface HeaderField {
  readonly name: string
  readonly value: string
  readonly kind: FieldKind
}

const PSEUDO: Readonly<Record<string, FieldKind>> = {
  ':method': 'method',
  ':scheme': 'scheme',
  ':authority': 'authority',
  ':path': 'path',
}
const OF_HTTP1 = ['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade']
/** A token in lower case (RFC 9110 section 5.1, RFC 9113 section 8.2). */
const NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/
// oxlint-disable-next-line no-control-regex
const VALUE = /^[^\0\r\n]*$/

/** What one field adds to the size of a list or table (RFC 7541 section 4.1). */
export function sizeOf(field: HeaderField): number {
  return field.name.length + field.value.length + 32
}

export function headerField(name: string, value: string): HeaderField {
  return { name, value, kind: kindOf(name, value) }
}

function kindOf(name: string, value: string): FieldKind {
  if (!VALUE.test(value)) return 'forbidden'
  if (name.startsWith(':')) return PSEUDO[name] ?? 'forbidden'
  if (!NAME.test(name) || OF_HTTP1.includes(name)) return 'forbidden'
  return name === 'te' && value !== 'trailers' ? 'forbidden' : 'regular'
}

/** The fields of one header block, in the order of their arrival. */
export class HeaderList {
  readonly #fields: readonly HeaderField[]
  /** The fields were larger than the limit; `fields` ends where it was reached. */
  readonly tooLarge: boolean

  constructor(fields: readonly HeaderField[], tooLarge: boolean) {
    this.#fields = fields
    this.tooLarge = tooLarge
  }

  /** The value of the first field of that name. */
  get(name: string): string | undefined {
    for (const field of this.#fields) if (field.name === name) return field.value
    return undefined
  }

  /** Why this is no request (RFC 9113 section 8.3.1); `undefined` when it is one. */
  requestFault(): string | undefined {
    let method = 0
    let scheme = 0
    let path = 0
    let authority = 0
    let regular = false
    for (const { kind, value } of this.#fields) {
      if (kind === 'regular') {
        regular = true
        continue
      }
      if (kind === 'forbidden') return 'a header that HTTP/2 forbids'
      if (regular) return 'a pseudo-header behind others'
      if (kind === 'method') method++
      else if (kind === 'scheme') scheme++
      else if (kind === 'authority') authority++
      else if (value === '') return 'an empty path'
      else path++
    }
    const complete = method === 1 && scheme === 1 && path === 1 && authority <= 1
    return complete || this.tooLarge ? undefined : 'pseudo-headers are missing or doubled'
  }

  /** Whether these may end a request. */
  get areTrailers(): boolean {
    return this.#fields.every(({ kind }) => kind === 'regular')
  }
}
