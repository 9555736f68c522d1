//! Expressions of ARM templates: `[format('{0}/{1}', parameters('identity'), 'web')]`.
//!
//! What can be told before a deployment is evaluated: literals, parameters, variables, loops, and the functions that put texts together
//! or choose between values. What reaches for Azure, such as `reference(...)`, is known only after it.
//!
//! Source: learn.microsoft.com, "Syntax and expressions in ARM templates" and "ARM template functions".

use std::cell::Cell;
use std::collections::HashMap;

use azure_workload_identity_policy::json::{Kind, Value};

use super::node::{Content, Node};

/// What an expression can use.
pub(super) struct Scope<'s, 'v> {
    /// The parameters that have a value.
    pub(super) parameters: &'s HashMap<String, Node<'v>>,
    /// The variables of the template, as it writes them.
    pub(super) variables: Option<Value<'v>>,
    /// The number of the current round of each loop, the innermost last; `None` for rounds that cannot be counted.
    pub(super) loops: Vec<(String, Option<i64>)>,
    /// How much may still be evaluated: a template of a few lines can grow without bound.
    pub(super) steps: &'s Cell<usize>,
}

/// The longest text that is made.
const LENGTH: usize = 4096;

/// How deep expressions may be in expressions, and variables in variables.
const DEPTH: usize = 40;

/// Why something is not known.
const AFTER_DEPLOYMENT: &str = "is known only after the deployment";
const NO_VALUE: &str = "is a parameter that the template gives no value";
const NOT_EVALUATED: &str = "is an expression that is not evaluated";

impl<'v> Scope<'_, 'v> {
    /// What a value of the template comes to.
    pub(super) fn value(&self, value: Value<'v>) -> Node<'v> {
        self.value_at(value, DEPTH)
    }

    fn value_at(&self, value: Value<'v>, depth: usize) -> Node<'v> {
        if !self.has_step() {
            return Node { content: Content::Unknown(NOT_EVALUATED), origin: value };
        }
        let content = match value.kind() {
            Kind::Array => Content::List(value.elements().map(|value| self.value_at(value, depth)).collect()),
            Kind::Object => {
                let members = value.fields().map(|(key, value)| (key.into_owned(), self.value_at(value, depth)));
                Content::Object(members.collect())
            }
            Kind::String => self.text(&value.as_str().unwrap_or_default(), value, depth),
            _ => return Node::of(value),
        };
        Node { content, origin: value }
    }

    fn has_step(&self) -> bool {
        let left = self.steps.get();
        self.steps.set(left.saturating_sub(1));
        left > 0
    }

    /// What a text comes to: an expression stands between brackets, and `[[` begins a text with a bracket.
    fn text(&self, text: &str, origin: Value<'v>, depth: usize) -> Content<'v> {
        let expression = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        match expression {
            Some(expression) if !expression.starts_with('[') => {
                let mut parser = Parser { rest: expression, scope: self, origin, depth };
                let content = parser.expression();
                parser.skip_space();
                content.filter(|_| parser.rest.is_empty()).unwrap_or(Content::Unknown(NOT_EVALUATED))
            }
            Some(_) => Content::Text(text.get(1..).unwrap_or_default().to_owned()),
            None => Content::Text(text.to_owned()),
        }
    }

    fn call(&self, name: &str, arguments: Vec<Content<'v>>, origin: Value<'v>, depth: usize) -> Content<'v> {
        let first = arguments.first();
        let named = || match first {
            Some(Content::Text(name)) => Some(name.as_str()),
            _ => None,
        };
        match name {
            "parameters" => match named().and_then(|name| at(self.parameters, name)) {
                Some(node) => node.content.clone(),
                None => Content::Unknown(NO_VALUE),
            },
            "variables" => {
                let wanted = named().unwrap_or_default();
                let mut members = self.variables.into_iter().flat_map(Value::members);
                match members.find(|(key, _)| key.eq_ignore_ascii_case(wanted)) {
                    Some((_, value)) if depth > 0 => self.value_at(value, depth - 1).content,
                    _ => Content::Unknown(NOT_EVALUATED),
                }
            }
            "copyindex" => self.copy_index(&arguments),
            "format" => format(&arguments),
            "concat" => concat(arguments),
            "length" => match first {
                Some(Content::List(elements)) => Content::Number(i64::try_from(elements.len()).unwrap_or(i64::MAX)),
                other => unknown(other),
            },
            "createarray" => Content::List(arguments.into_iter().map(|content| Node { content, origin }).collect()),
            "createobject" => {
                let mut members = Vec::new();
                let mut arguments = arguments.into_iter();
                while let (Some(Content::Text(key)), Some(content)) = (arguments.next(), arguments.next()) {
                    members.push((key, Node { content, origin }));
                }
                Content::Object(members)
            }
            "if" => match (first, arguments.get(1), arguments.get(2)) {
                (Some(Content::Bool(true)), Some(content), _) | (Some(Content::Bool(false)), _, Some(content)) => {
                    content.clone()
                }
                _ => unknown(first),
            },
            "coalesce" => arguments.into_iter().find(|it| !matches!(it, Content::Null)).unwrap_or(Content::Null),
            "not" => match first {
                Some(Content::Bool(flag)) => Content::Bool(!flag),
                other => unknown(other),
            },
            "and" | "or" => {
                // One of these decides, whatever the others are.
                let deciding = name == "or";
                let is = |content: &Content<'_>, wanted| matches!(content, Content::Bool(flag) if *flag == wanted);
                if arguments.iter().any(|content| is(content, deciding)) {
                    Content::Bool(deciding)
                } else if arguments.iter().all(|content| is(content, !deciding)) {
                    Content::Bool(!deciding)
                } else {
                    Content::Unknown(NOT_EVALUATED)
                }
            }
            "equals" => match (first, arguments.get(1)) {
                (Some(Content::Text(one)), Some(Content::Text(other))) => {
                    Content::Bool(one.eq_ignore_ascii_case(other))
                }
                (Some(Content::Bool(one)), Some(Content::Bool(other))) => Content::Bool(one == other),
                (Some(Content::Number(one)), Some(Content::Number(other))) => Content::Bool(one == other),
                _ => Content::Unknown(NOT_EVALUATED),
            },
            "true" => Content::Bool(true),
            "false" => Content::Bool(false),
            "null" => Content::Null,
            "tolower" | "toupper" => match first {
                Some(Content::Text(text)) if name == "tolower" => Content::Text(text.to_lowercase()),
                Some(Content::Text(text)) => Content::Text(text.to_uppercase()),
                other => unknown(other),
            },
            "reference" | "trygetreference" | "listkeys" | "tryget" => Content::Unknown(AFTER_DEPLOYMENT),
            _ => Content::Unknown(NOT_EVALUATED),
        }
    }

    fn copy_index(&self, arguments: &[Content<'v>]) -> Content<'v> {
        let (round, offset) = match arguments {
            [Content::Text(name), rest @ ..] => {
                (self.loops.iter().rev().find(|(of, _)| of.eq_ignore_ascii_case(name)), rest.first())
            }
            rest => (self.loops.last(), rest.first()),
        };
        let offset = match offset {
            None => 0,
            Some(Content::Number(offset)) => *offset,
            Some(_) => return Content::Unknown(NOT_EVALUATED),
        };
        match round {
            Some((_, Some(round))) => Content::Number(round.saturating_add(offset)),
            _ => Content::Unknown(NOT_EVALUATED),
        }
    }
}

/// A parameter: their names have no case.
fn at<'p, 'v>(parameters: &'p HashMap<String, Node<'v>>, name: &str) -> Option<&'p Node<'v>> {
    parameters.get(&name.to_ascii_lowercase())
}

/// What an argument that cannot be used leads to.
fn unknown<'v>(content: Option<&Content<'_>>) -> Content<'v> {
    match content {
        Some(Content::Unknown(why)) => Content::Unknown(why),
        _ => Content::Unknown(NOT_EVALUATED),
    }
}

/// A value within a text.
fn written(content: &Content<'_>) -> Option<String> {
    match content {
        Content::Text(text) => Some(text.clone()),
        Content::Number(number) => Some(number.to_string()),
        Content::Bool(flag) => Some(if *flag { "True" } else { "False" }.to_owned()),
        _ => None,
    }
}

/// `format('{0}-{1}', ...)`. Doubled braces and formats of numbers are rare.
fn format<'v>(arguments: &[Content<'v>]) -> Content<'v> {
    let Some((Content::Text(pattern), values)) = arguments.split_first() else { return unknown(arguments.first()) };
    let (mut text, mut rest) = (String::new(), pattern.as_str());
    while let Some((before, after)) = rest.split_once('{') {
        let Some((number, after)) = after.split_once('}') else { return Content::Unknown(NOT_EVALUATED) };
        let value = number.parse::<usize>().ok().and_then(|number| values.get(number));
        let Some(value) = value.and_then(written) else { return unknown(value) };
        text.extend([before, &value]);
        rest = after;
        if text.len() > LENGTH {
            return Content::Unknown(NOT_EVALUATED);
        }
    }
    if rest.contains('}') {
        return Content::Unknown(NOT_EVALUATED);
    }
    text.push_str(rest);
    Content::Text(text)
}

/// Texts or lists, one after the other.
fn concat(arguments: Vec<Content<'_>>) -> Content<'_> {
    if matches!(arguments.first(), Some(Content::List(_))) {
        let mut all = Vec::new();
        for argument in arguments {
            match argument {
                Content::List(elements) if all.len() + elements.len() <= LENGTH => all.extend(elements),
                other => return unknown(Some(&other)),
            }
        }
        return Content::List(all);
    }
    let mut text = String::new();
    for argument in &arguments {
        match written(argument) {
            Some(part) if text.len() + part.len() <= LENGTH => text.push_str(&part),
            _ => return unknown(Some(argument)),
        }
    }
    Content::Text(text)
}

/// An expression that is being read and evaluated. `None` means that it is no expression.
struct Parser<'p, 's, 'v> {
    rest: &'p str,
    scope: &'p Scope<'s, 'v>,
    origin: Value<'v>,
    depth: usize,
}

impl<'v> Parser<'_, '_, 'v> {
    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take(&mut self, word: char) -> bool {
        self.skip_space();
        let rest = self.rest.strip_prefix(word);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// The characters from here that are of a kind.
    fn while_is(&mut self, is: impl Fn(char) -> bool) -> &str {
        let end = self.rest.find(|it| !is(it)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    fn expression(&mut self) -> Option<Content<'v>> {
        self.depth = self.depth.checked_sub(1)?;
        let mut content = self.primary()?;
        loop {
            if self.take('.') {
                let key = self.while_is(|it| it.is_alphanumeric() || it == '_').to_owned();
                content = member(content, &key);
            } else if self.take('[') {
                let index = self.expression()?;
                self.take(']').then_some(())?;
                content = match (content, index) {
                    (Content::List(elements), Content::Number(index)) => {
                        let element = usize::try_from(index).ok().and_then(|index| elements.into_iter().nth(index));
                        element.map_or(Content::Unknown(NOT_EVALUATED), |node| node.content)
                    }
                    (content, Content::Text(key)) => member(content, &key),
                    (Content::Unknown(why), _) | (_, Content::Unknown(why)) => Content::Unknown(why),
                    _ => Content::Unknown(NOT_EVALUATED),
                };
            } else {
                self.depth += 1;
                return Some(content);
            }
        }
    }

    fn primary(&mut self) -> Option<Content<'v>> {
        self.skip_space();
        if self.take('\'') {
            let mut text = String::new();
            loop {
                let (part, rest) = self.rest.split_once('\'')?;
                text.push_str(part);
                // Two quotes are one.
                match rest.strip_prefix('\'') {
                    Some(rest) => {
                        text.push('\'');
                        self.rest = rest;
                    }
                    None => {
                        self.rest = rest;
                        return Some(Content::Text(text));
                    }
                }
            }
        }
        if self.rest.starts_with(|it: char| it.is_ascii_digit() || it == '-') {
            return self.while_is(|it| it.is_ascii_digit() || it == '-').parse().ok().map(Content::Number);
        }
        let mut name = self.while_is(|it| it.is_ascii_alphanumeric() || it == '_' || it == '.').to_ascii_lowercase();
        if let Some(at) = name.rfind('.') {
            name.drain(..=at);
        }
        if name.is_empty() || !self.take('(') {
            return None;
        }
        let mut arguments = Vec::new();
        if !self.take(')') {
            loop {
                arguments.push(self.expression()?);
                if self.take(')') {
                    break;
                }
                self.take(',').then_some(())?;
            }
        }
        if !self.scope.has_step() {
            return None;
        }
        Some(self.scope.call(&name, arguments, self.origin, self.depth))
    }
}

fn member<'v>(content: Content<'v>, key: &str) -> Content<'v> {
    match content {
        Content::Object(members) => {
            let found = members.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(key));
            found.map_or(Content::Null, |(_, node)| node.content)
        }
        other => unknown(Some(&other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use azure_workload_identity_policy::json::Document;

    /// What an expression comes to, as a text.
    fn evaluate(expression: &str) -> String {
        let template = r#"{"variables": {"list": ["a", "b"], "twice": "[concat(variables('ns'), variables('ns'))]", "ns": "shop",
            "object": {"key": ["x"]}, "endless": "[variables('endless')]"}, "parameters": {"name": {"value": "web"}}}"#;
        let text = azure_workload_identity_policy::json::text(expression);
        let (template, document) =
            (Document::parse(template.as_bytes()).unwrap(), Document::parse(text.as_bytes()).unwrap());
        let name = template.root().field("parameters").unwrap().field("name").unwrap().field("value").unwrap();
        let parameters = HashMap::from([("name".to_owned(), Node::of(name))]);
        let steps = Cell::new(1000);
        let scope = Scope {
            parameters: &parameters,
            variables: template.root().field("variables"),
            loops: vec![("outer".to_owned(), Some(1)), ("inner".to_owned(), Some(0))],
            steps: &steps,
        };
        match scope.value(document.root()).content {
            Content::Unknown(why) => why.to_owned(),
            content => written(&content).unwrap_or_else(|| format!("{content:?}")),
        }
    }

    #[test]
    fn what_can_be_told_before_a_deployment_is_evaluated() {
        for (expression, expected) in [
            ("plain", "plain"),
            ("[[no expression]", "[no expression]"),
            ("['it''s']", "it's"),
            ("[parameters('Name')]", "web"),
            ("[parameters('other')]", NO_VALUE),
            ("[variables('twice')]", "shopshop"),
            ("[format('{0}/{1}-{0}', parameters('name'), 7)]", "web/7-web"),
            ("[format('fic-{0}', variables('list')[copyIndex('outer')])]", "fic-b"),
            ("[format('fic-{0}', variables('list')[copyIndex()])]", "fic-a"),
            ("[copyIndex(2)]", "2"),
            ("[variables('object').key[0]]", "x"),
            ("[variables('object')['key'][0]]", "x"),
            ("[if(equals(parameters('name'), 'WEB'), 'yes', 'no')]", "yes"),
            ("[if(and(true(), not(false())), 'yes', reference('x'))]", "yes"),
            ("[or(true(), reference('x').flag)]", "True"),
            ("[coalesce(null(), 'x')]", "x"),
            ("[length(concat(variables('list'), createArray('c')))]", "3"),
            ("[createObject('a', 'b').a]", "b"),
            ("[reference(resourceId('x', 'y'), '2025-10-01').oidcIssuerProfile.issuerURL]", AFTER_DEPLOYMENT),
            ("[format('{0}', reference('x').y)]", AFTER_DEPLOYMENT),
            ("[tryGet(reference('x'), 'y')]", AFTER_DEPLOYMENT),
            ("[uniqueString('x')]", NOT_EVALUATED),
            ("[variables('endless')]", NOT_EVALUATED),
            ("[format('{0}']", NOT_EVALUATED),
            ("['a' 'b']", NOT_EVALUATED),
            ("['open]", NOT_EVALUATED),
        ] {
            assert_eq!(evaluate(expression), expected, "{expression}");
        }
    }

    #[test]
    fn no_expression_is_too_deep() {
        let deep = format!("[{}'x'{}]", "concat(".repeat(50_000), ")".repeat(50_000));
        assert_eq!(evaluate(&deep), NOT_EVALUATED);
        let index = format!("[variables('list'){}]", "[0]".repeat(50_000));
        assert_eq!(evaluate(&index), NOT_EVALUATED);
    }
}
