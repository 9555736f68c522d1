//! The match conditions of the recipes, evaluated by the API server's own code: `go/matchconditions`.

use std::{io, process::Command};

#[test]
fn match_conditions_keep_within_the_cost_limit_of_the_api_server() {
    let module = concat!(env!("CARGO_MANIFEST_DIR"), "/go");
    let test = Command::new("go").current_dir(module).args(["test", "-trimpath", "-v", "./matchconditions"]).output();
    let output = match test {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            eprintln!("skipped: match conditions in the API server's evaluator; there is no go");
            return;
        }
        output => output.unwrap_or_else(|error| panic!("cannot run go: {error}")),
    };
    let text = String::from_utf8_lossy(&output.stdout);
    println!("{text}");
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
}
