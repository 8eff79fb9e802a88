//! What can be asked of chaos.

use super::*;
use crate::groups::Work;

fn asked(line: &str) -> Result<Group, String> {
    group(line.split_whitespace().map(str::to_owned))
}

#[test]
fn what_is_asked_for_is_what_is_run() {
    let group = asked("kill --seed 7 --runs 1000 --backend postgres").unwrap();
    let Work::Tests { on, variables, .. } = group.work else {
        panic!("no group of tests");
    };
    assert_eq!(on, Backend::Postgres);
    let told = [("CHAOS_KILLS", "1000"), ("GUILDHALL_SEED", "7")];
    assert_eq!(
        variables,
        told.map(|(name, value)| (name, value.to_owned()))
    );
}

#[test]
fn what_cannot_be_understood_is_answered_with_how_to_ask() {
    for line in [
        "",
        "maim",
        "kill --runs",
        "kill --runs many",
        "kill --backend oracle",
        "kill --often 3",
    ] {
        assert_eq!(asked(line).err().as_deref(), Some(USAGE), "{line}");
    }
}
