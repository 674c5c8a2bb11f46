/** `npm run sim -- --seeds 200`: sets the project up, compiles the simulator and runs it (test/sim/run.ts). */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { compile, ROOT, setUp } from './setup.mjs'

setUp()
compile('tsconfig.sim.json', ['src', 'test/sim', 'test/mutants'], 'dist-sim')
const { main } = await import(pathToFileURL(join(ROOT, 'dist-sim', 'test', 'sim', 'run.js')).href)
process.exitCode = main(process.argv.slice(2))
