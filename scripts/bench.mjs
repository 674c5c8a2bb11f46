/** `npm run bench -- NAME`: sets the project up, compiles the benches and runs one. */
import { existsSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { compile, ROOT, runNode, setUp } from './setup.mjs'

setUp()
compile('tsconfig.bench.json', ['src', 'bench'], 'dist-bench')
// Compiled sources look for the definition files beside their folder.
const protos = join(ROOT, 'dist-bench', 'proto')
if (!existsSync(protos)) symlinkSync(join('..', 'proto'), protos)
process.exitCode = runNode(['dist-bench/bench/main.js', ...process.argv.slice(2)])
