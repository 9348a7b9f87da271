// openai.js URL WHAT: what npm's `openai` makes of the server's answers, as JSON.
"use strict";
const { OpenAI } = require("openai");

const [url, what] = process.argv.slice(2);
const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: "none", maxRetries: 0 });
const asks = {
  model: "m", max_completion_tokens: 12, user: "session-1",
  messages: [{ role: "system", content: "be brief" }, { role: "user", content: "repeat canary-42 please" }],
};

const checks = {
  async chat_stream() {
    const seen = { content: "", reasoning: "", finish: [], usage: null, roles: 0, chunks: 0 };
    const stream = await client.chat.completions.create({ ...asks, stream: true, stream_options: { include_usage: true } });
    for await (const chunk of stream) {
      seen.chunks++;
      for (const choice of chunk.choices) {
        seen.roles += choice.delta.role ? 1 : 0;
        seen.content += choice.delta.content ?? "";
        seen.reasoning += choice.delta.reasoning_content ?? "";
        if (choice.finish_reason) seen.finish.push(choice.finish_reason);
      }
      if (chunk.usage) seen.usage = chunk.usage;
    }
    return seen;
  },
  async chat_helper() { // the SDK's own assembly, which checks what it is given
    const runner = client.chat.completions.stream({ ...asks, stream_options: { include_usage: true } });
    const whole = await runner.finalChatCompletion();
    return {
      content: whole.choices[0].message.content, finish: [whole.choices[0].finish_reason], usage: whole.usage,
      tools: whole.choices[0].message.tool_calls ?? [],
    };
  },
  async chat_whole() {
    const whole = await client.chat.completions.create(asks);
    return { content: whole.choices[0].message.content, finish: [whole.choices[0].finish_reason], usage: whole.usage };
  },
  async completions_stream() {
    const seen = { content: "", finish: [], usage: null };
    const stream = await client.completions.create({
      model: "m", prompt: "repeat canary-42 please", max_tokens: 12, stream: true, stream_options: { include_usage: true },
    });
    for await (const chunk of stream) {
      for (const choice of chunk.choices) {
        seen.content += choice.text;
        if (choice.finish_reason) seen.finish.push(choice.finish_reason);
      }
      if (chunk.usage) seen.usage = chunk.usage;
    }
    return seen;
  },
  async embeddings() {
    const as_bytes = await client.embeddings.create({ model: "e", input: ["a b c", "d"] }); // base64 unless told otherwise
    const as_numbers = await client.embeddings.create({ model: "e", input: ["a b c", "d"], encoding_format: "float" });
    return {
      usage: as_bytes.usage,
      count: as_bytes.data.length,
      distance: Math.max(...as_bytes.data[1].embedding.map((x, i) => Math.abs(x - as_numbers.data[1].embedding[i]))),
      length: Math.hypot(...as_bytes.data[0].embedding),
    };
  },
  async models() {
    const ids = [];
    for await (const model of client.models.list()) ids.push(model.id);
    return { ids };
  },
  async invalid() { return client.chat.completions.create({ ...asks, max_completion_tokens: 0 }); },
};

const check = checks[what];
check().then(
  (seen) => console.log(JSON.stringify(seen)),
  (e) => console.log(JSON.stringify({
    error: e.constructor.name, is_api_error: e instanceof OpenAI.APIError, status: e.status ?? null, type: e.type ?? null, message: e.message,
  })),
);
