#!/usr/bin/env node
'use strict'
require('./node-version.cjs').requireNode()
require('./start.cjs').startCommandLine()
