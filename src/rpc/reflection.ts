/**
 * Server reflection (grpc.reflection.v1 and v1alpha): tools such as grpcurl ask a server for its services and the
 * definition files of their messages.
 */
import { DescriptorFiles, type DescriptorFile } from './descriptor-files.ts'
import type { Draft } from './draft.ts'
import { codecOf, descriptorsOf } from './protos.ts'
import { GrpcCode, type BidiStream, type Method } from './service.ts'

const PACKAGES = ['grpc.reflection.v1', 'grpc.reflection.v1alpha'] as const

/** As in the definition file. One of the members after `host` is there. */
interface ReflectionRequest {
  readonly host: string
  readonly fileByFilename?: string
  readonly fileContainingSymbol?: string
  readonly fileContainingExtension?: object
  readonly allExtensionNumbersOfType?: string
  readonly listServices?: string
}

/** As in the definition file. One of the last four is there. */
interface ReflectionResponse {
  readonly validHost: string
  readonly originalRequest: ReflectionRequest
  readonly fileDescriptorResponse?: { readonly fileDescriptorProto: readonly Uint8Array[] }
  readonly allExtensionNumbersResponse?: { readonly baseTypeName: string }
  readonly listServicesResponse?: { readonly service: readonly { readonly name: string }[] }
  readonly errorResponse?: { readonly errorCode: number; readonly errorMessage: string }
}

/** The methods of both versions. `services` are the full names of those that the server has beside. */
export function reflectionMethods(services: readonly string[]): readonly Method[] {
  const all = [...services, ...PACKAGES.map((name) => `${name}.ServerReflection`)]
  let files: DescriptorFiles | undefined
  // Most servers are never asked, so nothing is read before.
  const known = (): DescriptorFiles =>
    (files ??= new DescriptorFiles(all.flatMap((service) => descriptorsOf(service))))
  return PACKAGES.map((name) => {
    const requests = codecOf<ReflectionRequest>(`${name}.ServerReflectionRequest`)
    const responses = codecOf<ReflectionResponse>(`${name}.ServerReflectionResponse`)
    return {
      type: 'bidi',
      path: `/${name}.ServerReflection/ServerReflectionInfo`,
      async handle(_context, stream: BidiStream) {
        for await (const bytes of stream) {
          const request = requests.decode(bytes)
          const { host } = request
          const response = { validHost: host, originalRequest: request, ...answer(all, known(), request) }
          stream.send(responses.encode(response))
        }
      },
    }
  })
}

function answer(
  services: readonly string[],
  files: DescriptorFiles,
  request: ReflectionRequest,
): Draft<ReflectionResponse> {
  const { fileByFilename, fileContainingSymbol, allExtensionNumbersOfType, listServices } = request
  if (listServices !== undefined) {
    return { listServicesResponse: { service: services.map((name) => ({ name })) } }
  }
  if (fileByFilename !== undefined) return filesResponse(files, files.named(fileByFilename), fileByFilename)
  if (fileContainingSymbol !== undefined) {
    return filesResponse(files, files.defining(fileContainingSymbol), fileContainingSymbol)
  }
  // There are no extensions in proto3.
  if (allExtensionNumbersOfType !== undefined && files.defining(allExtensionNumbersOfType) !== undefined) {
    return { allExtensionNumbersResponse: { baseTypeName: allExtensionNumbersOfType } }
  }
  return notFound('it')
}

function filesResponse(
  files: DescriptorFiles,
  file: DescriptorFile | undefined,
  name: string,
): Draft<ReflectionResponse> {
  if (file === undefined) return notFound(name)
  const fileDescriptorProto = files.withNeeds(file).map(({ bytes }) => bytes)
  return { fileDescriptorResponse: { fileDescriptorProto } }
}

function notFound(name: string): Draft<ReflectionResponse> {
  return {
    errorResponse: { errorCode: GrpcCode.NOT_FOUND, errorMessage: `this server does not have ${name}` },
  }
}
