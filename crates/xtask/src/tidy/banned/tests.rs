//! Banned words, and exceptions that cover one function and no more.

use super::*;

const TWO_SLEEPS: &str =
    "fn poll() {\n  thread::sleep(STEP);\n}\nfn other() {\n  time::sleep(STEP).await;\n}";

fn picture(path: &str, text: &str) -> Picture {
    Picture {
        files: vec![File::new(path, text)],
        ..Picture::default()
    }
}

fn exception(function: &'static str) -> Exception {
    Exception {
        path: "src/tests/it/main.rs",
        function,
        reason: "polls",
    }
}

#[test]
fn unfinished_work_is_found_everywhere() {
    for text in [
        "todo!()",
        "unimplemented!()",
        "dbg!(1)",
        "#[ignore]",
        "#[ignore = \"slow\"]",
    ] {
        assert_eq!(
            unfinished(&picture("src/tests/it/main.rs", text)).len(),
            1,
            "{text}"
        );
    }
    assert_eq!(
        unfinished(&picture("src/a.rs", "// todo!\nfn todo() {}")).len(),
        0
    );
}

#[test]
fn a_sleep_is_found_in_tests_and_in_the_test_kit_only() {
    assert_eq!(sleeps(&picture("src/a/tests.rs", TWO_SLEEPS)).len(), 2);
    assert_eq!(
        sleeps(&picture("crates/guildhall-testkit/src/lib.rs", TWO_SLEEPS)).len(),
        2
    );
    assert_eq!(sleeps(&picture("src/a.rs", TWO_SLEEPS)).len(), 0);
    assert_eq!(
        sleeps(&picture("src/a/tests.rs", "use tokio::time::sleep;")).len(),
        1
    );
}

#[test]
fn an_exception_covers_its_function_only() {
    let picture = picture("src/tests/it/main.rs", TWO_SLEEPS);
    assert_eq!(sleeps_except(&picture, &[exception("poll")]).len(), 1);
    assert_eq!(sleeps_except(&picture, &[exception("")]).len(), 0);
}

#[test]
fn an_exception_without_need_is_found() {
    let sleeping = picture("src/tests/it/main.rs", TWO_SLEEPS);
    let stale_sleeps = |function| stale(&sleeping, &[], &[exception(function)]).len();
    assert_eq!(stale_sleeps("other"), 0);
    assert_eq!(stale_sleeps("gone"), 1);

    let text = format!(
        "fn f() {{{}}}\nfn g() {{}}",
        "\n".repeat(FUNCTION_LINES_MAX)
    );
    let long = picture("src/tests/it/main.rs", &text);
    let stale_long = |function| stale(&long, &[exception(function)], &[]).len();
    assert_eq!(stale_long("f"), 0);
    assert_eq!(stale_long("g"), 1);
    assert_eq!(stale_long(""), 1);
}
