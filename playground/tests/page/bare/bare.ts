/** The page's editor and nothing else: what typing costs without the page. */
import { Editor } from "../../../src/editor/editor";

const host = document.getElementById("manifest");
if (host) new Editor(host, { label: "Manifest", placeholder: "", onChange: () => undefined });
