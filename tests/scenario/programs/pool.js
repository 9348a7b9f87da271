// node pool.js PORT WORKERS MS: each request takes one of WORKERS for MS; who finds none free waits in line. What no load
// generator's author wrote: Node's own HTTP server, and its count when it is told to end.
"use strict";
const [port, workers, ms] = process.argv.slice(2).map(Number);
const waiting = [];
let free = workers, requests = 0;

function work(response) {
	free--;
	setTimeout(() => {
		response.end("ok\n");
		free++;
		if (waiting.length > 0) work(waiting.shift());
	}, ms);
}

const server = require("http").createServer((request, response) => {
	requests++;
	if (free > 0) work(response);
	else waiting.push(response);
});
process.on("SIGTERM", () => {
	console.log(`requests ${requests}`);
	process.exit(0);
});
server.listen(port, "127.0.0.1", () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
