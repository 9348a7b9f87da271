// server.js PORT FOLDER: Node's own HTTPS server (HTTP/2 where it is asked for), and its count when it is told to end.
"use strict";
const fs = require("fs"), http2 = require("http2");
const [port, folder] = process.argv.slice(2);
let requests = 0;
const server = http2.createSecureServer({
	allowHTTP1: true, cert: fs.readFileSync(`${folder}/good.pem`), key: fs.readFileSync(`${folder}/good.key`),
}, (request, response) => {
	requests++;
	request.resume();
	request.on("end", () => response.end("ok\n"));
});
process.on("SIGTERM", () => {
	console.log(`requests ${requests}`);
	process.exit(0);
});
server.listen(Number(port), "127.0.0.1");
