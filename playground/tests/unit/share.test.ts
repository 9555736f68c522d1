import { deflateRawSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { decode, encode, isLink, MAX_LINK } from "../../src/state/share";
import type { Snapshot } from "../../src/state/snapshot";

const SNAPSHOT: Snapshot = {
  files: [
    { name: "orders.yaml", text: "kind: Pod\n# äöü 💡\n" },
    { name: "b.yaml", text: "" },
  ],
  active: 1,
  settings: "preset: strict\n",
  issuer: "https://issuer.example/",
  namespace: "shop",
  credentials: [{ name: "list.json", text: "[]" }],
};

const link = (value: unknown) =>
  `#v1.${deflateRawSync(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url")}`;

test("a link gives back what it was made of", async () => {
  const made = await encode(SNAPSHOT);
  expect(made.ok && (await decode(made.fragment))).toEqual(SNAPSHOT);
});

test("a state that is too large makes no link", async () => {
  const text = Array.from({ length: 20_000 }, (_, line) => `key${(line * 7919) % 104_729}: ${line}`).join("\n");
  const made = await encode({ ...SNAPSHOT, files: [{ name: "large.yaml", text }] });
  expect(made.ok).toBe(false);
  expect(!made.ok && made.length).toBeGreaterThan(MAX_LINK);
});

describe("what is no link of this page is a sentence", () => {
  const wrong = {
    "cut in the middle": link(SNAPSHOT).slice(0, 80),
    "not base64": "#v1.***",
    "not deflated": `#v1.${Buffer.from("plain").toString("base64url")}`,
    "not JSON": link("{"),
    "JSON of something else": link({ files: "none" }),
    "no files": link({ files: [] }),
    "files that are no texts": link({ files: [{ name: "a", text: 1 }] }),
    "too many files": link({ files: Array.from({ length: 2_000 }, (_, number) => ({ name: `${number}`, text: "" })) }),
    "a short link that unfolds to gigabytes": link(JSON.stringify({ files: [{ name: "a", text: "a".repeat(30_000_000) }] })),
    endless: `#v1.${"A".repeat(1_000_000)}`,
    "a newer version": "#v2.abc",
  };
  for (const [name, fragment] of Object.entries(wrong)) {
    test(name, async () => {
      expect(isLink(fragment)).toBe(true);
      expect(await decode(fragment)).toEqual(expect.any(String));
    });
  }
});

test("other fragments are no links", () => {
  expect(["", "#", "#results", "#example=label-value"].filter(isLink)).toEqual([]);
});
