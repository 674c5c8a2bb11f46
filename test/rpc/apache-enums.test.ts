import protobuf from 'protobufjs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import * as constants from '../../src/rpc/apache-enums.ts'
import { PROTO_FOLDER } from '../../src/rpc/protos.ts'

const root = new protobuf.Root()
root.resolvePath = (_origin, target) =>
  target.startsWith('google/protobuf/') ? target : join(PROTO_FOLDER, target)
root.loadSync('apache/rocketmq/v2/definition.proto', { keepCase: true })

test.each(Object.entries(constants))(
  '%s has the names and numbers of the definition file',
  (name, values) => {
    const defined = name === 'OffsetOptionPolicy' ? 'OffsetOption.Policy' : name
    expect(values).toEqual(root.lookupEnum(`apache.rocketmq.v2.${defined}`).values)
  },
)
