/** `npm run interop -- --language go --case push`: sets the project up, compiles the driver and runs it. */
import { existsSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { compile, ROOT, runNode, setUp } from './setup.mjs'

setUp()
compile('tsconfig.interop.json', ['src', 'test/integration', 'test/interop/driver'], 'dist-interop')
// Compiled sources look for the definition files beside their folder.
const protos = join(ROOT, 'dist-interop', 'proto')
if (!existsSync(protos)) symlinkSync(join('..', 'proto'), protos)
const env = { DLEDGER_PROGRAM: join(ROOT, 'bin', 'dledger.cjs') }
process.exitCode = runNode(['dist-interop/test/interop/driver/main.js', ...process.argv.slice(2)], env)
