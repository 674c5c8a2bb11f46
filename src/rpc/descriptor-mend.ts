/**
 * Mends a FileDescriptorProto as the loader makes it, so that strict readers take it: JSON names of fields, optional
 * fields marked as such, map entries named after their fields, and the files that it depends on. Source: protobuf
 * descriptor.proto; what is written here is appended to or replaced in the bytes, the rest stays as it is.
 *
 * Numbers of fields beside those in `descriptor-files.ts`: DescriptorProto 8 oneof; FieldDescriptorProto 1 name, 9 oneof
 * index, 10 JSON name, 17 optional; OneofDescriptorProto 1 name; MessageOptions 7 map entry.
 */
import { utf8, utf8Text, Writer } from '../base/bytes.ts'
import { WIRE_BYTES, WIRE_VARINT, WireReader } from '../base/wire.ts'

/** The file with everything mended. `needs` are the names of files that it depends on. */
export function mendFile(bytes: Uint8Array, needs: readonly string[]): Uint8Array {
  const into = new Writer(bytes.byteLength * 2)
  for (const { field, value, raw } of parts(bytes)) {
    if (field === 4) into.raw(bytesField(4, mendMessage(value)))
    else into.raw(raw)
  }
  for (const name of needs) into.raw(bytesField(3, utf8(name)))
  return into.done()
}

function mendMessage(bytes: Uint8Array, name?: string): Uint8Array {
  const oneofs = oneofsOf(bytes)
  const entries = entryNames(bytes)
  const into = new Writer(bytes.byteLength * 2)
  for (const { field, value, raw } of parts(bytes)) {
    if (field === 1 && name !== undefined) into.raw(bytesField(1, utf8(name)))
    else if (field === 2) into.raw(bytesField(2, mendField(value, oneofs, entries)))
    else if (field === 3) into.raw(bytesField(3, mendMessage(value, entries.get(textIn(value, 1)))))
    else if (field !== 8) into.raw(raw)
  }
  for (const { raw } of oneofs.toSorted((one, other) => one.place - other.place)) into.raw(raw)
  return into.done()
}

/** A oneof, which fields name by its number among all of its message. */
interface Oneof {
  /** It stands only for an optional field: the loader makes one for each, as protoc does. */
  readonly isOptional: boolean
  /** Its number once those of optional fields stand behind the others. */
  readonly place: number
  readonly raw: Uint8Array
}

function oneofsOf(bytes: Uint8Array): readonly Oneof[] {
  const found = [...parts(bytes)].filter(({ field }) => field === 8)
  const optional = found.map(({ value }) => textIn(value, 1).startsWith('_'))
  const realCount = optional.filter((isOptional) => !isOptional).length
  return found.map(({ raw }, at) => {
    const isOptional = optional[at] === true
    const before = optional.slice(0, at).filter((other) => other === isOptional).length
    return { isOptional, place: isOptional ? realCount + before : before, raw }
  })
}

/** The right names of nested messages that are entries of maps, by the names that they have. */
function entryNames(bytes: Uint8Array): ReadonlyMap<string, string> {
  const maps = new Set<string>()
  for (const { field, value } of parts(bytes))
    if (field === 3 && isMapEntry(value)) maps.add(textIn(value, 1))
  const names = new Map<string, string>()
  for (const { field, value } of parts(bytes)) {
    const type = field === 2 ? lastName(textIn(value, 6)) : ''
    if (maps.has(type)) names.set(type, `${camel(`_${textIn(value, 1)}`)}Entry`)
  }
  return names
}

function isMapEntry(bytes: Uint8Array): boolean {
  for (const { field, value } of parts(bytes)) {
    if (field === 7) for (const option of parts(value)) if (option.field === 7) return true
  }
  return false
}

function mendField(
  bytes: Uint8Array,
  oneofs: readonly Oneof[],
  entries: ReadonlyMap<string, string>,
): Uint8Array {
  const into = new Writer(bytes.byteLength + 64)
  let isOptional = false
  for (const { field, value, number, raw } of parts(bytes)) {
    const entry = field === 6 ? entries.get(lastName(utf8Text(value))) : undefined
    const oneof = field === 9 ? oneofs[number] : undefined
    if (oneof?.isOptional === true) isOptional = true
    if (oneof !== undefined) into.uint8((9 << 3) | WIRE_VARINT).uint8(oneof.place)
    else if (entry === undefined) into.raw(raw)
    else into.raw(bytesField(6, utf8(utf8Text(value).replace(/[^.]*$/, entry))))
  }
  into.raw(bytesField(10, utf8(camel(textIn(bytes, 1)))))
  // Tag 17 as a varint takes two bytes.
  if (isOptional) into.uint8(0x88).uint8(0x01).uint8(1)
  return into.done()
}

/** `a_name` as `aName`. */
function camel(name: string): string {
  return name.replace(/_+(.)/g, (_match, letter: string) => letter.toUpperCase())
}

function lastName(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1)
}

function textIn(bytes: Uint8Array, number: number): string {
  for (const { field, value } of parts(bytes)) if (field === number) return utf8Text(value)
  return ''
}

/** A length-delimited field whose number is below 16. */
function bytesField(number: number, value: Uint8Array): Uint8Array {
  const into = new Writer(value.byteLength + 6).uint8((number << 3) | WIRE_BYTES)
  let length = value.byteLength
  for (; length >= 0x80; length >>>= 7) into.uint8((length & 0x7f) | 0x80)
  return into.uint8(length).raw(value).done()
}

interface Part {
  readonly field: number
  /** The content of a length-delimited field. */
  readonly value: Uint8Array
  /** The value of a varint field, else 0. */
  readonly number: number
  /** The field with its tag. */
  readonly raw: Uint8Array
}

function* parts(bytes: Uint8Array): Generator<Part> {
  const reader = new WireReader(bytes)
  while (reader.next()) {
    yield {
      field: reader.field,
      value: bytes.subarray(reader.valueStart, reader.valueEnd),
      number: reader.wireType === WIRE_VARINT ? reader.low : 0,
      raw: bytes.subarray(reader.fieldStart, reader.valueEnd),
    }
  }
}
