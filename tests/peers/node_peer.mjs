// The official npm package against a local server: run by `run.py` in a directory of its own.

import assert from "node:assert/strict";
import Anthropic from "@anthropic-ai/sdk";

const client = new Anthropic({ apiKey: "any", baseURL: process.env.ANTHROPIC_BASE_URL, maxRetries: 0 });
const model = "claude-haiku-4-5";
const said = (text) => [{ role: "user", content: text }];
const asked = { model, max_tokens: 200, messages: said("Hello") };
const tool = {
  name: "get_weather",
  description: "The weather at a place.",
  input_schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};

const checks = {
  async create() {
    const message = await client.messages.create(asked);
    assert.equal(message.stop_reason, "end_turn");
    assert.ok(message.content[0].text);
    assert.match(message._request_id, /^req_01/);
  },
  async stream() {
    const texts = [];
    const stream = client.messages.stream(asked).on("text", (text) => texts.push(text));
    assert.equal(await stream.finalText(), texts.join(""));
    assert.equal((await client.messages.create(asked)).content[0].text, texts.join(""));
  },
  async rawEvents() {
    const kinds = [];
    for await (const event of await client.messages.create({ ...asked, stream: true })) kinds.push(event.type);
    assert.equal(kinds[0], "message_start");
    assert.equal(kinds.at(-1), "message_stop");
  },
  async tools() {
    const options = { model, max_tokens: 500, tools: [tool] };
    const turns = said("Weather in Paris?");
    const message = await client.messages
      .stream({ ...options, messages: turns, tool_choice: { type: "any" } })
      .finalMessage();
    assert.equal(message.stop_reason, "tool_use");
    const uses = message.content.filter((block) => block.type === "tool_use");
    assert.equal(typeof uses[0].input.city, "string");
    const content = uses.map((use) => ({ type: "tool_result", tool_use_id: use.id, content: "Sunny" }));
    const messages = [...turns, { role: "assistant", content: message.content }, { role: "user", content }];
    assert.equal((await client.messages.create({ ...options, messages })).stop_reason, "end_turn");
  },
  async count() {
    assert.equal((await client.messages.countTokens({ model, messages: asked.messages })).input_tokens, 8);
  },
  async models() {
    const ids = [];
    for await (const each of client.models.list({ limit: 3 })) ids.push(each.id);
    assert.ok(ids.includes("claude-haiku-4-5-20251001"));
  },
  async batches() {
    const batch = await client.messages.batches.create({ requests: [{ custom_id: "a", params: asked }] });
    await client.post("/__antiphon/clock", { body: { advance: 60 } });
    assert.equal((await client.messages.batches.retrieve(batch.id)).processing_status, "ended");
    for await (const line of await client.messages.batches.results(batch.id)) {
      assert.equal(line.result.type, "succeeded");
    }
  },
  async refusals() {
    await assert.rejects(client.messages.create({ ...asked, model: "nobody" }), Anthropic.NotFoundError);
    const wrong = client.withOptions({ apiKey: "invalid" });
    await assert.rejects(wrong.messages.create(asked), Anthropic.AuthenticationError);
  },
};

for (const [name, check] of Object.entries(checks)) {
  await check();
  console.log(`@anthropic-ai/sdk ${name}: ok`);
}
