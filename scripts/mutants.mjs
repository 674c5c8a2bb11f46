/** `npm run mutants`: sets the project up and runs the tests against deliberate bugs (test/mutants/run.ts). */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { compile, ROOT, setUp } from './setup.mjs'

setUp()
compile('tsconfig.sim.json', ['src', 'test/sim', 'test/mutants', 'test/support'], 'dist-sim')
const { main } = await import(pathToFileURL(join(ROOT, 'dist-sim', 'test', 'mutants', 'run.js')).href)
process.exitCode = await main(ROOT, process.argv.slice(2))
