/** The oldest Node that runs this project. Written so that very old ones can still read it. */
'use strict'

var OLDEST = [20, 15, 0]

/** One sentence when this Node is too old, otherwise an empty text. */
module.exports.nodeFault = function nodeFault(version) {
  var running = version || process.versions.node
  var parts = running.split('.').map(Number)
  for (var at = 0; at < OLDEST.length; at++) {
    if (parts[at] > OLDEST[at]) return ''
    if (parts[at] < OLDEST[at]) {
      return 'dledger needs Node ' + OLDEST.join('.') + ' or newer, this is ' + running + ': see nodejs.org'
    }
  }
  return ''
}
