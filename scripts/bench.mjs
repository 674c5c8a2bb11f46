/** `npm run bench -- NAME [options]`: sets the project up and runs a bench. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { compile, ROOT, runNode, setUp } from './setup.mjs'

setUp()
compile('tsconfig.bench.json', ['bench', 'src'], 'dist-bench')
const main = ['main.js', join('bench', 'main.js')]
  .map((name) => join(ROOT, 'dist-bench', name))
  .find(existsSync)
process.exitCode = runNode([main ?? 'bench/main.ts', ...process.argv.slice(2)])
