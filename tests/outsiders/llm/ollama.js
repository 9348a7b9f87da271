// ollama.js URL WHAT: what npm's `ollama` makes of the server's answers, as JSON.
"use strict";
const { Ollama } = require("ollama");

const [url, what] = process.argv.slice(2);
const client = new Ollama({ host: url });
const options = { num_predict: 12 };
const messages = [{ role: "user", content: "repeat canary-42 please" }];

const checks = {
  async chat_stream() {
    const seen = { content: "", reasoning: "", last: null };
    for await (const part of await client.chat({ model: "m", messages, options, stream: true })) {
      seen.content += part.message.content;
      seen.reasoning += part.message.thinking ?? "";
      seen.last = part;
    }
    return seen;
  },
  async generate_stream() {
    const seen = { content: "", last: null };
    for await (const part of await client.generate({ model: "m", prompt: messages[0].content, options, stream: true })) {
      seen.content += part.response;
      seen.last = part;
    }
    return seen;
  },
  async chat_whole() {
    const last = await client.chat({ model: "m", messages, options });
    return { content: last.message.content, last };
  },
  async invalid() { return client.chat({ model: "", messages }); },
};

checks[what]().then(
  (seen) => console.log(JSON.stringify(seen)),
  (e) => console.log(JSON.stringify({ error: e.constructor.name, name: e.name, status: e.status_code ?? null, message: e.message })),
);
