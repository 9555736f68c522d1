/**
 * Keeps the whole page for use offline.
 *
 * The files of a version are stored together when it is installed, and served together: a page never mixes versions. A new version
 * waits until the person accepts it, or until all pages are closed.
 */
const worker = self as unknown as ServiceWorkerGlobalScope;
/** The names of all files of the page, and a hash of their contents: build/service-worker.ts fills it in. */
declare const PRECACHE: { version: string; files: string[] };

const PREFIX = "azwi-playground-";
// Other pages of the same origin have caches too, perhaps this page under another path.
const NAME = `${PREFIX}${worker.registration.scope}-${PRECACHE.version}`;
const INDEX = new URL("index.html", worker.registration.scope).href;
const FILES = new Set(PRECACHE.files.map((file) => new URL(file, worker.registration.scope).href));

worker.addEventListener("install", (event) => {
  // Not from the browser's cache, which may hold files of an older version.
  const requests = [...FILES].map((url) => new Request(url, { cache: "reload" }));
  event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(requests)));
});

worker.addEventListener("activate", (event) => {
  const isStale = (name: string) => name.startsWith(`${PREFIX}${worker.registration.scope}-`) && name !== NAME;
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter(isStale).map((name) => caches.delete(name))))
      .then(() => worker.clients.claim()),
  );
});

worker.addEventListener("message", (event) => {
  if (event.data === "skip-waiting") void worker.skipWaiting();
});

worker.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  url.hash = "";
  url.search = "";
  const isPage = event.request.mode === "navigate" && (url.href === worker.registration.scope || url.href === INDEX);
  const wanted = isPage ? INDEX : url.href;
  if (event.request.method !== "GET" || !FILES.has(wanted)) return;
  event.respondWith(caches.open(NAME).then(async (cache) => (await cache.match(wanted)) ?? fetch(event.request)));
});
