/** What both programs share: refuse an old Node and a project that is not built in one sentence, then go. */
'use strict'

const { existsSync } = require('node:fs')
const path = require('node:path')
const { pathToFileURL } = require('node:url')
const { nodeFault } = require('./node-version.cjs')

const CONFIG_CODE = 78

module.exports = function launch(program) {
  const main = path.join(__dirname, '..', 'dist', 'cli', `${program}.js`)
  const fault =
    nodeFault() || (existsSync(main) ? '' : `${program} is not built yet: run "npm run build" in its folder`)
  if (fault !== '') {
    console.error(fault)
    process.exitCode = CONFIG_CODE
    return
  }
  import(pathToFileURL(main).href).catch((error) => {
    console.error(error)
    process.exitCode = 1
  })
}
