//! The demo runs and shows what it promises.

use std::process::Command;

#[test]
fn the_demo_allows_three_pods_and_denies_four_without_colour_in_a_file() {
    let output = Command::new(env!("CARGO_BIN_EXE_demo")).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let count = |line: &str| text.lines().filter(|it| it.trim() == line).count();

    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(count("allowed, with this change"), 2, "{text}");
    assert_eq!(count("allowed, unchanged"), 1, "{text}");
    assert_eq!(count("denied (403)"), 4, "{text}");
}
