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
  /** What the name means, whatever the value. */
  readonly nameKind: FieldKind
  readonly kind: FieldKind
}

/** Names that are not what their characters say. */
const NAMED: ReadonlyMap<string, FieldKind> = new Map<string, FieldKind>([
  [':method', 'method'],
  [':scheme', 'scheme'],
  [':authority', 'authority'],
  [':path', 'path'],
  ['connection', 'forbidden'],
  ['keep-alive', 'forbidden'],
  ['proxy-connection', 'forbidden'],
  ['transfer-encoding', 'forbidden'],
  ['upgrade', 'forbidden'],
])
/** A token in lower case (RFC 9110 section 5.1, RFC 9113 section 8.2). */
const NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/
// oxlint-disable-next-line no-control-regex
const NO_VALUE = /[\0\r\n]/

/** What one field adds to the size of a list or table (RFC 7541 section 4.1). */
export function sizeOf(field: HeaderField): number {
  return field.name.length + field.value.length + 32
}

export function headerField(name: string, value: string): HeaderField {
  return fieldOf(name, value, NAMED.get(name) ?? (NAME.test(name) ? 'regular' : 'forbidden'))
}

/** The name of that field with another value: its name need not be looked at again. */
export function withValue({ name, nameKind }: HeaderField, value: string): HeaderField {
  return fieldOf(name, value, nameKind)
}

function fieldOf(name: string, value: string, nameKind: FieldKind): HeaderField {
  const allowed = !NO_VALUE.test(value) && (name !== 'te' || value === 'trailers')
  return { name, value, nameKind, kind: allowed ? nameKind : 'forbidden' }
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
