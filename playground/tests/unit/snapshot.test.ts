import { expect, test } from "vitest";
import { readSnapshot, uniqueName } from "../../src/state/snapshot";

test("names are made unique, because findings refer to files by name", () => {
  const files = ["a.yaml", "a.yaml", "a", "a", ""].map((name) => ({ name, text: "" }));
  expect(readSnapshot({ files })?.files.map((file) => file.name)).toEqual(["a.yaml", "a-2.yaml", "a", "a-2", "manifest.yaml"]);
});

test("names have no control characters and no marks that turn the direction of text", () => {
  expect(uniqueName("a\u0000b\u202Elmay.yaml\n", new Set())).toBe("ablmay.yaml");
});

test("the file that is shown exists", () => {
  const files = [{ name: "a", text: "" }];
  expect([-1, 0, 7, "0", null].map((active) => readSnapshot({ files, active })?.active)).toEqual([0, 0, 0, 0, 0]);
});

test("members of another type are empty", () => {
  const files = [{ name: "a", text: "" }];
  expect(readSnapshot({ files, settings: 1, issuer: {}, namespace: null })).toMatchObject({
    settings: "",
    issuer: "",
    namespace: "",
    credentials: [],
  });
});
