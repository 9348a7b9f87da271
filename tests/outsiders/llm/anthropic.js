// anthropic.js URL WHAT: what npm's `@anthropic-ai/sdk` makes of the server's answers, as JSON.
"use strict";
const { Anthropic } = require("@anthropic-ai/sdk");

const [url, what] = process.argv.slice(2);
const client = new Anthropic({ baseURL: url, apiKey: "none", maxRetries: 0 });
const asks = {
  model: "m", max_tokens: 12, system: "be brief", metadata: { user_id: "session-1" },
  messages: [{ role: "user", content: "repeat canary-42 please" }],
};

function summary(message) {
  const of = (type) => message.content.filter((block) => block.type === type).map((block) => block[type]).join("");
  return { content: of("text"), reasoning: of("thinking"), finish: [message.stop_reason], usage: message.usage,
    tools: message.content.filter((block) => block.type === "tool_use") };
}

const checks = {
  async stream() { // the SDK's own assembly, which checks the order of the events
    const stream = client.messages.stream(asks);
    let text = "";
    stream.on("text", (delta) => { text += delta; });
    return { ...summary(await stream.finalMessage()), text };
  },
  async events() {
    const seen = [];
    for await (const event of await client.messages.create({ ...asks, stream: true })) seen.push(event.type);
    return { events: seen };
  },
  async whole() { return summary(await client.messages.create(asks)); },
  async invalid() { return client.messages.create({ ...asks, max_tokens: 0 }); },
};

checks[what]().then(
  (seen) => console.log(JSON.stringify(seen)),
  (e) => console.log(JSON.stringify({
    error: e.constructor.name, is_api_error: e instanceof Anthropic.APIError, status: e.status ?? null, message: e.message,
  })),
);
