/** `npm run cli -- COMMAND`: sets the project up and runs `dledger-cli`. */
import { setUp } from './setup.mjs'

setUp()
await import('../bin/dledger-cli.cjs')
