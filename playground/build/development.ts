/** The policy of the page during development: the server of Vite inserts style sheets as elements, and talks to the page. */
import type { Plugin } from "vite";

export function development(): Plugin {
  return {
    name: "development",
    apply: "serve",
    transformIndexHtml: (html) =>
      html
        .replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
        .replace("connect-src 'self'", "connect-src 'self' ws:"),
  };
}
