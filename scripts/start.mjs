/** `npm start [-- options]`: sets the project up and runs `dledger dev`. */
import { setUp } from './setup.mjs'

setUp()
process.argv.splice(2, 0, 'dev')
await import('../bin/dledger.cjs')
