/** YAML for the editor: its parser is recursive, so that it must not meet texts that are nested without end. */
import { yamlLanguage } from "@codemirror/lang-yaml";
import { LanguageSupport } from "@codemirror/language";
import { type Input, type PartialParse, Tree } from "@lezer/common";

/** A text that the parser cannot finish stays without colours. */
export function yaml(): LanguageSupport {
  const language = yamlLanguage.configure({ wrap: (parse, input) => withoutOverflow(parse, input) });
  return new LanguageSupport(language);
}

function withoutOverflow(parse: PartialParse, input: Input): PartialParse {
  return {
    advance() {
      try {
        return parse.advance();
      } catch (error) {
        if (error instanceof RangeError)
          return new Tree(yamlLanguage.parser.nodeSet.types[0] ?? Tree.empty.type, [], [], input.length);
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
