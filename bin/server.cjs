'use strict'
require('./node-version.cjs').requireNode()
require('./start.cjs').startServer()
