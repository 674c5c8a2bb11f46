/** The version of this program, from package.json. */
import { readFileSync } from 'node:fs'

interface PackageFile {
  readonly version: string
}

const file = new URL('../../package.json', import.meta.url)
export const PROGRAM_VERSION = (JSON.parse(readFileSync(file, 'utf8')) as PackageFile).version
