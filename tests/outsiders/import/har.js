// What Chromium's DevTools told (messages as JSON on stdin) as npm's chrome-har writes it down: an HTTP Archive.
const {readFileSync} = require('node:fs')

import(`${process.env.NODE_PATH}/chrome-har/index.js`).then(({harFromMessages}) =>
	console.log(JSON.stringify(harFromMessages(JSON.parse(readFileSync(0, 'utf8')), {includeTextFromResponseBody: false}))))
