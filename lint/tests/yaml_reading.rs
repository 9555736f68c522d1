//! YAML as Kubernetes reads it.
#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use azure_workload_identity_lint::yaml::{Document, SyntaxError, documents};

fn read(text: &str) -> Vec<Result<Document, SyntaxError>> {
    documents(text, true).collect()
}

fn json(text: &str) -> String {
    let mut documents = read(text);
    assert_eq!(documents.len(), 1, "{text:?}: {documents:?}");
    documents.pop().expect("there is one").unwrap_or_else(|error| panic!("{text:?}: {error:?}")).json
}

#[test]
fn members_keep_the_order_of_the_text() {
    assert_eq!(json("b: 1\na: [x, {d: e}]\n"), r#"{"b":1,"a":["x",{"d":"e"}]}"#);
}

#[test]
fn an_error_ends_its_document_only() {
    let read = read("a: 1\n---\nb: [\n---\nc: 3\n");
    assert_eq!(
        read.iter().map(|document| document.as_ref().ok().map(|document| document.json.as_str())).collect::<Vec<_>>(),
        [Some(r#"{"a":1}"#), None, Some(r#"{"c":3}"#)]
    );
    assert_eq!(read.get(1).unwrap().as_ref().unwrap_err().offset, 12);
}
