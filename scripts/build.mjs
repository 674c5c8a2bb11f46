/** `npm run build`: installs the packages and compiles the sources, if anything has changed. */
import { setUp } from './setup.mjs'

setUp()
