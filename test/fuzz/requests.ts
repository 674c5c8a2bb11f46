/** Requests of a service made up from its definition: well-formed ones with any values, and broken ones. */
import { loadSync, type MessageTypeDefinition, type ServiceDefinition } from '@grpc/proto-loader'
import fc from 'fast-check'
import { PROTO_FOLDER } from '../../src/rpc/protos.ts'

/** What the loader says of a field. */
interface Field {
  readonly name: string
  readonly label: string
  readonly type: string
  readonly typeName: string
}

interface MessageShape {
  readonly field: readonly Field[]
  readonly nestedType: readonly (MessageShape & { readonly name: string })[]
}

const PACKAGE = 'apache.rocketmq.v2'
const DEPTH_MAX = 4

const loaded = loadSync(['apache/rocketmq/v2/service.proto', 'apache/rocketmq/v2/admin.proto'], {
  includeDirs: [PROTO_FOLDER],
  longs: Number,
  enums: Number,
  objects: true,
})

/** A call by its path, and bytes of requests that may come to it. */
export interface FuzzedCall {
  readonly path: string
  readonly requests: fc.Arbitrary<Uint8Array>
}

/** Every call of a service. `words` are texts that mean something where the requests go: names, ids, handles. */
export function fuzzedCalls(service: string, words: readonly string[]): readonly FuzzedCall[] {
  const methods = Object.values(loaded[`${PACKAGE}.${service}`] as ServiceDefinition)
  return methods.map(({ path, requestType, requestSerialize }) => {
    const shape = requestType.type as MessageShape
    const whole = messageOf(shape, shape, 0, words).map((message) => toBytes(requestSerialize, message))
    return { path, requests: fc.oneof({ weight: 6, arbitrary: whole }, broken(whole), fc.uint8Array()) }
  })
}

/** What the loader will not write, such as a number out of its range, becomes an empty request. */
function toBytes(serialize: (message: object) => Buffer, message: object): Uint8Array {
  try {
    return serialize(message)
  } catch {
    return new Uint8Array(0)
  }
}

/** A request with bytes changed, left out or doubled. */
function broken(whole: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const places = fc.array(fc.tuple(fc.nat(4095), fc.nat(255)), { minLength: 1, maxLength: 3 })
  return fc.tuple(whole, places, fc.constantFrom('change', 'cut', 'double')).map(([bytes, changes, how]) => {
    const result = Buffer.from(bytes)
    const [[first, value] = [0, 0]] = changes
    if (how === 'cut') return result.subarray(0, first % (result.byteLength + 1))
    if (how === 'double') return Buffer.concat([result, result.subarray(value % (result.byteLength + 1))])
    for (const [at, byte] of changes) if (result.byteLength > 0) result[at % result.byteLength] = byte
    return result
  })
}

function messageOf(
  shape: MessageShape,
  outer: MessageShape,
  depth: number,
  words: readonly string[],
): fc.Arbitrary<object> {
  const fields: Record<string, fc.Arbitrary<unknown>> = {}
  for (const field of shape.field) {
    const value = valueOf(field, shape, outer, depth, words)
    if (value === undefined) continue
    const many = field.label === 'LABEL_REPEATED'
    if (many && isMap(field, shape))
      fields[field.name] = fc.dictionary(fc.string(), fc.string(), { maxKeys: 3 })
    else fields[field.name] = many ? fc.array(value, { maxLength: 3 }) : value
  }
  return fc.record(fields, { requiredKeys: [] })
}

function isMap(field: Field, shape: MessageShape): boolean {
  return shape.nestedType.some(({ name }) => name === field.typeName)
}

function valueOf(
  field: Field,
  shape: MessageShape,
  outer: MessageShape,
  depth: number,
  words: readonly string[],
): fc.Arbitrary<unknown> | undefined {
  switch (field.type) {
    case 'TYPE_MESSAGE': {
      if (depth >= DEPTH_MAX) return undefined
      const inner = shapeOf(field.typeName, shape, outer)
      return inner === undefined ? undefined : messageOf(inner, outer, depth + 1, words)
    }
    case 'TYPE_STRING':
      return fc.oneof(
        { weight: 5, arbitrary: fc.constantFrom(...words) },
        fc.string({ maxLength: 20 }),
        fc.string({ unit: 'binary', maxLength: 5 }),
        fc.nat(300).map((length) => 'n'.repeat(length)),
      )
    case 'TYPE_BYTES':
      return fc.uint8Array({ maxLength: 40 })
    case 'TYPE_BOOL':
      return fc.boolean()
    case 'TYPE_ENUM':
      return fc.integer({ min: 0, max: 9 })
    case 'TYPE_FLOAT':
    case 'TYPE_DOUBLE':
      return fc.double()
    default:
      return fc.oneof(
        fc.integer({ min: -3, max: 60 }),
        fc.constantFrom(0, 2 ** 31 - 1, -(2 ** 31), 2 ** 53 - 1, -(2 ** 53), 1_700_000_000),
      )
  }
}

function shapeOf(typeName: string, shape: MessageShape, outer: MessageShape): MessageShape | undefined {
  const nested = [...shape.nestedType, ...outer.nestedType].find(({ name }) => name === typeName)
  const full = typeName.startsWith('google.') ? typeName : `${PACKAGE}.${typeName}`
  return nested ?? ((loaded[full] as MessageTypeDefinition<object, object> | undefined)?.type as MessageShape)
}
