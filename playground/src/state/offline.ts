/** The service worker: keeps the page for use offline, and tells when there is a new version. */
import { tell } from "./notice";

export async function startOffline(): Promise<void> {
  if (!import.meta.env.PROD || !("serviceWorker" in navigator)) return;
  const registration = await navigator.serviceWorker.register("./service-worker.js", { scope: "./" }).catch(() => undefined);
  // Without HTTPS, or if the person forbids it, the page works all the same.
  if (!registration) return;
  const isUpdate = () => registration.waiting !== null && navigator.serviceWorker.controller !== null;
  const offer = () => {
    if (isUpdate())
      tell("There is a new version of this page.", {
        name: "Reload",
        run: () => {
          tell("The page is loaded again when the new version is ready: in some seconds.");
          registration.waiting?.postMessage("skip-waiting");
        },
      });
  };
  offer();
  registration.addEventListener("updatefound", () => {
    registration.installing?.addEventListener("statechange", offer);
  });
  // The first worker takes over a page that is of the same version; later ones are of another.
  let isControlled = navigator.serviceWorker.controller !== null;
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    const { controller } = navigator.serviceWorker;
    if (isControlled && controller) whenActive(controller, () => location.reload());
    isControlled = true;
  });
}

/** A page that is loaded while a worker is still being activated waits for it, and may wait forever. */
function whenActive(worker: ServiceWorker, run: () => void): void {
  if (worker.state === "activated") run();
  else worker.addEventListener("statechange", () => worker.state === "activated" && run());
}
