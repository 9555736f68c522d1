/** Starts the page. How data flows: state/session -> worker -> state/results -> panels and the editor's marks. */
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/layout.css";
import "./styles/panels.css";
import "./styles/chain.css";
import "./styles/settings.css";
import { render } from "preact";
import { App } from "./app";
import { startOffline } from "./state/offline";
import { startChecking } from "./state/results";
import { startSession } from "./state/start";

const root = document.getElementById("app");
if (root) {
  startChecking();
  void startSession();
  render(<App />, root);
  void startOffline();
}
