/**
 * YAML for the editor, in colours and with folds, as far as its parser can be asked to.
 *
 * The parser works in the main thread, a tenth of a second at a time, and is recursive.
 */
import { yamlLanguage } from "@codemirror/lang-yaml";
import { LanguageSupport } from "@codemirror/language";
import { type Input, NodeType, type PartialParse, Tree } from "@lezer/common";

/** A longer text has no colours: they would cost seconds, and typing would wait for them. */
const MOST_CHARACTERS = 1_000_000;

export function yaml(): LanguageSupport {
  return new LanguageSupport(yamlLanguage.configure({ wrap: bounded }));
}

function bounded(parse: PartialParse, input: Input): PartialParse {
  const withoutColours = () => new Tree(NodeType.none, [], [], input.length);
  return {
    advance() {
      if (input.length > MOST_CHARACTERS) return withoutColours();
      try {
        return parse.advance();
      } catch (error) {
        // Nested more deeply than the stack.
        if (error instanceof RangeError) return withoutColours();
        throw error;
      }
    },
    get parsedPos() {
      return parse.parsedPos;
    },
    get stoppedAt() {
      return parse.stoppedAt;
    },
    stopAt: (position) => parse.stopAt(position),
  };
}
