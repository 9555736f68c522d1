// How the module is used: `node --test`, with the environment variables SCRIPT and MODULE.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { pathToFileURL } from "node:url";

const { initSync, Workspace } = await import(pathToFileURL(process.env.SCRIPT));
const { memory } = initSync({ module: readFileSync(process.env.MODULE) });

const input = (text) => ({ files: [{ name: "a.yaml", text }], settings: "", credentials: [] });

const pod = (name) => `apiVersion: v1
kind: Pod
metadata:
  name: ${name}
  labels:
    azure.workload.identity/use: "True"
---
`;

test("free gives the memory back", () => {
  const text = pod("web").repeat(5000);
  const use = () => {
    const workspace = new Workspace(input(text));
    assert.ok(workspace.check().findings.length > 0);
    workspace.free();
  };
  use();
  const before = memory.buffer.byteLength;
  for (let i = 0; i < 10; i += 1) use();
  assert.equal(memory.buffer.byteLength, before);
});

test("a workspace that is freed throws, and others go on", () => {
  const freed = new Workspace(input(pod("web")));
  const other = new Workspace(input(pod("api")));
  freed.free();
  assert.throws(() => freed.check(), /null pointer/);
  assert.equal(other.check().findings[0].object.name, "api");
  other.free();
});

test("the module asks JavaScript for nothing but values", () => {
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(readFileSync(process.env.MODULE)));
  for (const { module, name } of imports) {
    assert.equal(module, "./playground_bg.js");
    assert.doesNotMatch(name, /fetch|xhr|date|now|random|crypto|document|window|console/i);
  }
});
