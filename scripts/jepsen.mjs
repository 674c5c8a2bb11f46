/** `npm run jepsen -- --time 60 --seed 7`: sets the project up, compiles the runner and runs it. */
import { existsSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { compile, ROOT, runNode, setUp } from './setup.mjs'

setUp()
compile('tsconfig.jepsen.json', ['src', 'bench', 'jepsen-like'], 'dist-jepsen')
// Compiled sources look for the definition files beside their folder.
const protos = join(ROOT, 'dist-jepsen', 'proto')
if (!existsSync(protos)) symlinkSync(join('..', 'proto'), protos)
process.exitCode = runNode(['dist-jepsen/jepsen-like/main.js', ...process.argv.slice(2)])
