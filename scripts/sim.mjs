/** `npm run sim -- --seeds 200`: sets the project up, compiles the simulator and runs it (test/sim/run.ts). */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { compile, ROOT, setUp } from './setup.mjs'

setUp()
compile('tsconfig.sim.json', ['src', 'test/sim'], 'dist-sim')
const sim = (file) => import(pathToFileURL(join(ROOT, 'dist-sim', 'test', 'sim', file)).href)
const args = process.argv.slice(2)
if (args.includes('--mutants')) {
  const { runMutants } = await sim('mutants.js')
  const only = args.find((arg) => arg.startsWith('--only='))?.slice('--only='.length)
  process.exitCode = runMutants(join(ROOT, 'dist-sim'), only)
} else {
  const { main } = await sim('run.js')
  process.exitCode = main(args)
}
