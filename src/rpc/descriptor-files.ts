/**
 * The definition files in the form in which server reflection hands them out (google.protobuf.FileDescriptorProto),
 * and which file defines a name. The loader makes one file for each package and leaves out which others it needs;
 * that is found here by walking
 * the bytes (`descriptor-mend.ts` mends the rest).
 *
 * Numbers of fields: FileDescriptorProto 1 name, 2 package, 3 dependency, 4 message, 5 enum, 6 service;
 * DescriptorProto 1 name, 2 field, 3 nested message, 4 enum; FieldDescriptorProto 6 type name; ServiceDescriptorProto
 * 1 name, 2 method; MethodDescriptorProto 1 name, 2 input type, 3 output type.
 */
import { utf8Text } from '../base/bytes.ts'
import { WireReader } from '../base/wire.ts'
import { mendFile } from './descriptor-mend.ts'

/** One file and the names of those that it needs. */
export interface DescriptorFile {
  readonly name: string
  readonly bytes: Uint8Array
  readonly needs: readonly string[]
}

interface Walked {
  readonly name: string
  readonly bytes: Uint8Array
  /** Full names of everything that the file defines. */
  readonly symbols: string[]
  /** Full names of types that it refers to. */
  readonly references: Set<string>
}

/** All files by their names and by what they define. */
export class DescriptorFiles {
  readonly #byName = new Map<string, DescriptorFile>()
  readonly #bySymbol = new Map<string, string>()

  /** `files` are serialized FileDescriptorProto messages; one that comes twice counts once. */
  constructor(files: readonly Uint8Array[]) {
    const walked = new Map(files.map(walkFile).map((file) => [file.name, file]))
    for (const { name, symbols } of walked.values()) {
      for (const symbol of symbols) this.#bySymbol.set(symbol, name)
    }
    for (const file of walked.values()) this.#byName.set(file.name, this.#complete(file))
  }

  named(name: string): DescriptorFile | undefined {
    return this.#byName.get(name)
  }

  /** The file that defines a message, enum, service or method by its full name. */
  defining(symbol: string): DescriptorFile | undefined {
    return this.#byName.get(this.#bySymbol.get(symbol) ?? '')
  }

  /** A file and all that it needs, directly or not. */
  withNeeds(file: DescriptorFile): readonly DescriptorFile[] {
    const found = new Set([file])
    for (const one of found) {
      for (const name of one.needs) {
        const needed = this.#byName.get(name)
        if (needed !== undefined) found.add(needed)
      }
    }
    return [...found]
  }

  #complete({ name, bytes, references }: Walked): DescriptorFile {
    const files = [...references].map((symbol) => this.#bySymbol.get(symbol))
    const needs = [...new Set(files)].filter((file) => file !== undefined && file !== name) as string[]
    return { name, bytes: mendFile(bytes, needs), needs }
  }
}

function walkFile(bytes: Uint8Array): Walked {
  let name = ''
  let prefix = ''
  const symbols: string[] = []
  const references = new Set<string>()
  for (const [field, value] of fieldsOf(bytes)) {
    if (field === 1) name = utf8Text(value)
    if (field === 2) prefix = `${utf8Text(value)}.`
  }
  const walked = { name, bytes, symbols, references }
  for (const [field, value] of fieldsOf(bytes)) {
    if (field === 4) walkMessage(walked, prefix, value)
    if (field === 5) symbols.push(prefix + nameIn(value))
    if (field === 6) walkService(walked, prefix, value)
  }
  return walked
}

function walkMessage(walked: Walked, prefix: string, bytes: Uint8Array): void {
  const name = prefix + nameIn(bytes)
  walked.symbols.push(name)
  for (const [field, value] of fieldsOf(bytes)) {
    if (field === 2) refer(walked, value, [6])
    if (field === 3) walkMessage(walked, `${name}.`, value)
    if (field === 4) walked.symbols.push(`${name}.${nameIn(value)}`)
  }
}

function walkService(walked: Walked, prefix: string, bytes: Uint8Array): void {
  const name = prefix + nameIn(bytes)
  walked.symbols.push(name)
  for (const [field, value] of fieldsOf(bytes)) {
    if (field !== 2) continue
    walked.symbols.push(`${name}.${nameIn(value)}`)
    refer(walked, value, [2, 3])
  }
}

/** Notes the type names in these fields of a message. Those of other packages are full, maybe after a dot. */
function refer(walked: Walked, bytes: Uint8Array, numbers: readonly number[]): void {
  for (const [field, value] of fieldsOf(bytes)) {
    if (numbers.includes(field)) walked.references.add(utf8Text(value).replace(/^\./, ''))
  }
}

function nameIn(bytes: Uint8Array): string {
  for (const [field, value] of fieldsOf(bytes)) if (field === 1) return utf8Text(value)
  return ''
}

function* fieldsOf(bytes: Uint8Array): Generator<readonly [field: number, value: Uint8Array]> {
  const reader = new WireReader(bytes)
  while (reader.next()) yield [reader.field, bytes.subarray(reader.valueStart, reader.valueEnd)]
}
