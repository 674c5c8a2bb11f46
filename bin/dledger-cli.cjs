#!/usr/bin/env node
/** Starts the program `dledger-cli` after what must hold before anything else does: enough threads, a new Node. */
'use strict'

process.env.UV_THREADPOOL_SIZE = process.env.UV_THREADPOOL_SIZE || '16'
require('./launch.cjs')('dledger-cli')
