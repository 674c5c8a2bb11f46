import { describe, expect, test } from 'vitest'
import { utf8Text } from '../../src/base/bytes.ts'
import { DescriptorFiles } from '../../src/rpc/descriptor-files.ts'
import { codecOf, descriptorsOf } from '../../src/rpc/protos.ts'
import { reflectionMethods } from '../../src/rpc/reflection.ts'
import { grpcClient, same, serve } from './support/rpc-world.ts'

const SERVICES = ['dledger.v1.Ledger', 'dledger.v1.Admin', 'apache.rocketmq.v2.MessagingService']

interface Response {
  readonly fileDescriptorResponse?: { readonly fileDescriptorProto: readonly Uint8Array[] }
  readonly listServicesResponse?: { readonly service: readonly { readonly name: string }[] }
  readonly errorResponse?: { readonly errorCode: number }
}

async function ask(version: string, requests: readonly object[]): Promise<Response[]> {
  await using server = await serve(reflectionMethods(SERVICES))
  const client = grpcClient(server.port)
  const requestCodec = codecOf<object>(`grpc.reflection.${version}.ServerReflectionRequest`)
  const responseCodec = codecOf<Response>(`grpc.reflection.${version}.ServerReflectionResponse`)
  const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`
  const stream = client.makeBidiStreamRequest(path, same, same)
  const answers: Response[] = []
  const ended = new Promise((resolve, reject) => {
    stream.on('data', (bytes: Buffer) => answers.push(responseCodec.decode(bytes)))
    stream.on('end', resolve)
    stream.on('error', reject)
  })
  for (const request of requests) stream.write(requestCodec.encode(request))
  stream.end()
  await ended
  client.close()
  return answers
}

describe.each(['v1', 'v1alpha'])('reflection %s', (version) => {
  test('lists the services, itself included', async () => {
    const [answer] = await ask(version, [{ listServices: '' }])
    expect(answer?.listServicesResponse?.service.map(({ name }) => name)).toEqual([
      ...SERVICES,
      'grpc.reflection.v1.ServerReflection',
      'grpc.reflection.v1alpha.ServerReflection',
    ])
  })

  test('gives the file of a name with all that it needs, and says what it does not have', async () => {
    const answers = await ask(version, [
      { fileContainingSymbol: 'dledger.v1.Ledger' },
      { fileContainingSymbol: 'apache.rocketmq.v2.Message' },
      { fileByFilename: 'dledger_v1.proto' },
      { fileContainingSymbol: 'dledger.v1.Nothing' },
      { fileByFilename: 'nothing.proto' },
    ])
    const counts = answers.map((answer) => answer.fileDescriptorResponse?.fileDescriptorProto.length)
    expect(counts).toEqual([1, 2, 1, undefined, undefined])
    expect(answers.slice(3).map((answer) => answer.errorResponse?.errorCode)).toEqual([5, 5])
  })
})

describe('definition files', () => {
  const files = new DescriptorFiles(SERVICES.flatMap((service) => descriptorsOf(service)))

  test('are found by messages, nested messages, enums, services and methods', () => {
    for (const symbol of [
      'dledger.v1.AppendRequest',
      'dledger.v1.WhenFull',
      'dledger.v1.Ledger.AppendStream',
      'apache.rocketmq.v2.Code',
    ]) {
      expect(files.defining(symbol)?.name).toMatch(/^(dledger_v1|apache_rocketmq_v2)\.proto$/)
    }
    expect(files.defining('dledger.v1')).toBeUndefined()
  })

  test('are what strict readers want: JSON names, optional fields, map entries named after their fields', () => {
    const ledger = Buffer.from(files.defining('dledger.v1.AppendRequest')?.bytes ?? [])
    const optional = Buffer.concat([Buffer.from('expectedLastIndex'), Buffer.of(0x88, 0x01, 1)])
    expect(ledger.includes(optional)).toBe(true)
    const message = utf8Text(files.defining('apache.rocketmq.v2.Message')?.bytes ?? new Uint8Array(0))
    expect(message).toContain('UserPropertiesEntry')
    expect(message).not.toContain('User_propertiesEntry')
  })

  test('name fields as they are written and say what they need', () => {
    const file = files.defining('apache.rocketmq.v2.Message')
    expect(file?.needs).toEqual(['google_protobuf.proto'])
    expect(utf8Text(files.defining('dledger.v1.AppendRequest')?.bytes ?? new Uint8Array(0))).toContain(
      'expected_last_index',
    )
  })
})
