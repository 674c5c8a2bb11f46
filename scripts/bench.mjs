/** `npm run bench -- NAME`: compiles the bench and the programs that it starts, and runs it. */
import { spawnSync } from 'node:child_process'
import { existsSync, symlinkSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))

function run(command, args) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit' })
  if (error !== undefined) throw error
  if (status !== 0) process.exit(status ?? 1)
}

if (!existsSync('node_modules')) run('npm', ['ci'])
run('npm', ['run', '--silent', 'build'])
run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.bench.json'])
// Compiled sources look for the definition files beside their folder.
if (!existsSync('dist-bench/proto')) symlinkSync('../proto', 'dist-bench/proto')
run(process.execPath, ['dist-bench/bench/main.js', ...process.argv.slice(2)])
