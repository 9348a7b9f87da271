// node http2.js PORT: Node's own HTTP/2 server, in the clear. It says what it was asked, and how many bytes came with it, and
// its count when it is told to end.
"use strict";
let requests = 0;

const server = require("http2").createServer((request, response) => {
	let bytes = 0;
	requests++;
	request.on("data", (piece) => (bytes += piece.length));
	request.on("end", () => response.end(`${request.method} ${request.url} ${bytes}\n`));
});
process.on("SIGTERM", () => {
	console.log(`requests ${requests}`);
	process.exit(0);
});
server.listen(Number(process.argv[2]), "127.0.0.1", () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
