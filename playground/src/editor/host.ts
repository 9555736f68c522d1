/**
 * The element in which an editor lives.
 *
 * CodeMirror makes its styles at run time. In a shadow root they are constructed style sheets, which the content security policy allows;
 * in the document they would be inline styles, which it forbids.
 */
export function shadowOf(element: HTMLElement): ShadowRoot {
  return element.shadowRoot ?? element.attachShadow({ mode: "open" });
}
