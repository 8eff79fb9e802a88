//! Every test binary is in exactly one group, with nextest and without it.

use super::*;

fn args(work: Work) -> String {
    match work {
        Work::Tests { args, .. } => args.join(" "),
        _ => panic!("not a group of tests"),
    }
}

#[test]
fn every_test_binary_but_chaos_is_named_in_the_group_of_tests() {
    let binaries = ["chaos", "it", "table"].map(str::to_owned);
    for runner in [Runner::Nextest, Runner::Libtest] {
        let line = args(tests(runner, &binaries));
        assert!(
            line.ends_with("--lib --bins --test it --test table"),
            "{line}"
        );
    }
}

#[test]
fn chaos_runs_one_test_at_a_time() {
    for backend in Backend::ALL {
        let line = args(chaos(Runner::Nextest, backend));
        assert!(line.ends_with("--test chaos --test-threads 1"), "{line}");
        let line = args(chaos(Runner::Libtest, backend));
        assert!(line.ends_with("--test chaos -- --test-threads=1"), "{line}");
    }
}

#[test]
fn models_are_compiled_apart() {
    let line = args(models());
    assert!(line.contains("--target-dir target/shuttle"), "{line}");
    assert!(line.ends_with("--lib models::"), "{line}");
}

#[test]
fn what_chooses_its_database_itself_is_not_run_again_on_the_other_one() {
    let line = args(tests_on_postgres(Runner::Nextest));
    let others = "--test it --filterset not (test(sqlite::) + test(postgres::))";
    assert!(line.ends_with(others), "{line}");
    let line = args(tests_on_postgres(Runner::Libtest));
    let others = "--test it -- --skip=sqlite:: --skip=postgres::";
    assert!(line.ends_with(others), "{line}");
}
