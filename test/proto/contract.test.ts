/**
 * Our definition files against those that the official Node client brings: field by field, value by value,
 * call by call. What ours have beyond them stands in `newer-than-the-client.ts`.
 */
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import protobuf from 'protobufjs'
import { describe, expect, test } from 'vitest'
import { callsOf, PROTO_FOLDER } from '../../src/rpc/protos.ts'
import { NEWER } from './newer-than-the-client.ts'

const PACKAGE = 'apache.rocketmq.v2'
const FILES = ['definition', 'service', 'admin'].map((name) => `apache/rocketmq/v2/${name}.proto`)

/** Every fact of a set of definition files, as lines that can be compared as sets. */
interface Facts {
  readonly messages: Set<string>
  readonly fields: Set<string>
  readonly enums: Set<string>
  readonly values: Set<string>
  readonly calls: Set<string>
}

function factsOf(folder: string): Facts {
  const root = new protobuf.Root()
  root.resolvePath = (_origin, target) =>
    target.startsWith('google/protobuf/') ? target : join(folder, target)
  root.loadSync([...FILES], { keepCase: true }).resolveAll()
  const facts = {
    messages: new Set<string>(),
    fields: new Set<string>(),
    enums: new Set<string>(),
    values: new Set<string>(),
    calls: new Set<string>(),
  }
  gather(root.lookup(PACKAGE), facts)
  return facts
}

function gather(place: protobuf.ReflectionObject | null, facts: Facts): void {
  if (place instanceof protobuf.Enum) {
    facts.enums.add(shortOf(place))
    for (const [name, number] of Object.entries(place.values)) {
      facts.values.add(`${shortOf(place)}.${name} = ${number}`)
    }
  } else if (place instanceof protobuf.Service) {
    for (const call of place.methodsArray) facts.calls.add(callLine(place, call))
  } else if (place instanceof protobuf.Type) {
    facts.messages.add(shortOf(place))
    for (const field of place.fieldsArray) facts.fields.add(fieldLine(place, field))
  }
  if (place instanceof protobuf.Namespace) for (const inner of place.nestedArray) gather(inner, facts)
}

function callLine(service: protobuf.Service, call: protobuf.Method): string {
  const request = `${call.requestStream === true ? 'stream ' : ''}${call.requestType}`
  const response = `${call.responseStream === true ? 'stream ' : ''}${call.responseType}`
  return `${service.name}.${call.name}(${request}) returns (${response})`
}

/** For example `Settings.publishing = 5 Publishing in pub_sub`. */
function fieldLine(message: protobuf.Type, field: protobuf.Field): string {
  const value = field.resolvedType === null ? field.type : shortOf(field.resolvedType)
  const type = field instanceof protobuf.MapField ? `map<${field.keyType}, ${value}>` : value
  const optional = field.options?.['proto3_optional'] === true
  const label = optional
    ? 'optional '
    : field.repeated && !(field instanceof protobuf.MapField)
      ? 'repeated '
      : ''
  const choice = field.partOf === null || optional ? '' : ` in ${field.partOf.name}`
  return `${shortOf(message)}.${field.name} = ${field.id} ${label}${type}${choice}`
}

function shortOf(named: protobuf.ReflectionObject): string {
  return named.fullName.replace(/^\./, '').replace(`${PACKAGE}.`, '')
}

const installed = dirname(fileURLToPath(import.meta.resolve('rocketmq-client-nodejs/package.json')))
const theirs = factsOf(join(installed, 'proto'))
const ours = factsOf(PROTO_FOLDER)

function beyond(a: ReadonlySet<string>, b: ReadonlySet<string>): string[] {
  return [...a].filter((line) => !b.has(line)).sort()
}

describe('the public contract', () => {
  test.each(['messages', 'fields', 'enums', 'values', 'calls'] as const)(
    'has all %s of the client',
    (kind) => {
      expect(theirs[kind].size).toBeGreaterThan(0)
      expect(beyond(theirs[kind], ours[kind])).toEqual([])
    },
  )

  test.each(['messages', 'fields', 'enums', 'values', 'calls'] as const)(
    'has no other %s than those that are known to be newer',
    (kind) => {
      expect(beyond(ours[kind], theirs[kind])).toEqual(NEWER[kind])
    },
  )

  test('offers both services under their paths', () => {
    expect(callsOf(`${PACKAGE}.MessagingService`)['SendMessage']?.path).toBe(
      `/${PACKAGE}.MessagingService/SendMessage`,
    )
    expect(Object.keys(callsOf(`${PACKAGE}.Admin`))).toContain('QueryMessage')
  })
})
