// The official npm package against a local server: run by `run.py` in a directory of its own.

import assert from "node:assert/strict";
import Anthropic, { toFile } from "@anthropic-ai/sdk";
import { betaTool } from "@anthropic-ai/sdk/helpers/beta/json-schema";

const client = new Anthropic({ apiKey: "any", baseURL: process.env.ANTHROPIC_BASE_URL, maxRetries: 0 });
const model = "claude-haiku-4-5";
const said = (text) => [{ role: "user", content: text }];
const asked = { model, max_tokens: 200, messages: said("Hello") };
const tool = {
  name: "get_weather",
  description: "The weather at a place.",
  input_schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};

const sum = betaTool({
  name: "add",
  description: "Add two numbers.",
  inputSchema: {
    type: "object",
    properties: { a: { type: "integer" }, b: { type: "integer" } },
    required: ["a", "b"],
  },
  run: ({ a, b }) => String(a + b),
});

// The kind of thread and the status of each request since the last reset.
async function threadsSent() {
  const { data } = await client.get("/__antiphon/requests");
  return data.map((each) => [each.body.thread?.type, each.status]);
}

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
  async toolRunner() {
    const messages = said("Use the add tool for 1 and 2");
    const options = { model, max_tokens: 300, system: "S", tools: [sum], messages };
    const used = [["create", 200], ["continue", 200]];
    await client.post("/__antiphon/reset");
    const message = await client.beta.messages.toolRunner(options);
    assert.match(message.content[0].text, /add: “/);
    assert.deepEqual(await threadsSent(), used);
    await client.post("/__antiphon/reset");
    const reasons = [];
    for await (const stream of client.beta.messages.toolRunner({ ...options, stream: true })) {
      reasons.push((await stream.finalMessage()).stop_reason);
    }
    assert.deepEqual(reasons, ["tool_use", "end_turn"]);
    assert.deepEqual(await threadsSent(), used);
  },
  async toolRunnerWithSteps() {
    const messages = said("First look up the weather in Oslo and Rome, then write it to notes.txt");
    const text = { type: "string" };
    const weather = betaTool({
      name: "get_weather",
      inputSchema: { type: "object", properties: { city: text }, required: ["city"] },
      run: async ({ city }) => `4 degrees in ${city}`,
    });
    const write = betaTool({
      name: "write_file",
      inputSchema: { type: "object", properties: { path: text, content: text }, required: ["path", "content"] },
      run: async ({ path }) => path,
    });
    const inputs = [];
    const runner = client.beta.messages.toolRunner({ model, max_tokens: 900, tools: [write, weather], messages });
    for await (const message of runner) {
      inputs.push(message.content.flatMap((block) => (block.type === "tool_use" ? [block.input] : [])));
    }
    const content = "4 degrees in Oslo\n4 degrees in Rome";
    assert.deepEqual(inputs, [[{ city: "Oslo" }, { city: "Rome" }], [{ path: "notes.txt", content }], []]);
  },
  async threads() {
    const thread = client.beta.messages.thread({ model, max_tokens: 300, system: "S" });
    const sizes = [];
    for (const text of ["Hello", "Again"]) {
      sizes.push((await thread.send({ role: "user", content: text })).usage.input_tokens);
    }
    await client.post("/__antiphon/clock", { body: { advance: 300 } });
    sizes.push((await thread.send({ role: "user", content: "And now?" })).usage.input_tokens);
    assert.ok(sizes[0] < sizes[1] && sizes[1] < sizes[2]);
  },
  async files() {
    const content = Buffer.from("Cats sleep.");
    const file = await client.files.upload({ file: await toFile(content, "nötes.txt", { type: "text/plain" }) });
    assert.equal(file.filename, "nötes.txt");
    const names = [];
    for await (const each of client.files.list({ limit: 1 })) names.push(each.filename);
    assert.ok(names.includes("nötes.txt"));
    const source = { type: "file", file_id: file.id };
    const blocks = [{ type: "document", source }, { type: "text", text: "Who sleeps?" }];
    const message = await client.messages.create({ ...asked, messages: [{ role: "user", content: blocks }] });
    assert.match(message.content[0].text, /Cats sleep/);
    assert.equal((await client.files.delete(file.id)).type, "file_deleted");
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
