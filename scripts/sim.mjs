/** `npm run sim -- --seeds 200`: sets the project up, compiles the simulator and runs it (test/sim/run.ts). */
import { existsSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { compile, ROOT, setUp } from './setup.mjs'

setUp()
compile('tsconfig.sim.json', ['src', 'test/sim', 'test/mutants', 'test/support'], 'dist-sim')
// Compiled sources look for the definition files beside their folder.
const protos = join(ROOT, 'dist-sim', 'proto')
if (!existsSync(protos)) symlinkSync(join('..', 'proto'), protos)
const { main } = await import(pathToFileURL(join(ROOT, 'dist-sim', 'test', 'sim', 'run.js')).href)
process.exitCode = await main(process.argv.slice(2))
