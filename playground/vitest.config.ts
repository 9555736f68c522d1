/** Three projects: what needs no browser, what the page does in a browser, and the pictures of the documentation. */
import { defineConfig } from "vitest/config";

// A busy machine may take longer than the second for which `expect.poll` waits by default.
const inBrowser = { fileParallelism: false, testTimeout: 60_000, hookTimeout: 60_000, expect: { poll: { timeout: 10_000 } } };

export default defineConfig({
  test: {
    projects: [
      { test: { name: "unit", include: ["tests/unit/*.test.ts"] } },
      { test: { name: "page", include: ["tests/page/*.test.ts"], ...inBrowser } },
      { test: { name: "screenshots", include: ["tests/screenshots.ts"], ...inBrowser } },
    ],
  },
});
