// npm's eventsource-parser on the body of stdin: [[type, data], ...] as JSON. It decodes UTF-8 first, as browsers do.
const {readFileSync} = require('node:fs')
const {createParser} = require('eventsource-parser')

const events = []
const parser = createParser({onEvent: (event) => events.push([event.event ?? '', event.data])})

for (const piece of JSON.parse(readFileSync(0, 'utf8')))
	parser.feed(piece)
console.log(JSON.stringify(events))
