//! `cargo xtask chaos kill`: the flags, and the group of tests that they ask for.

use crate::groups::{self, Backend, Group};

const USAGE: &str =
    "usage: cargo xtask chaos kill [--runs N] [--backend sqlite|postgres] [--seed S]";

const RUNS: &str = "20";

/// What was asked for.
///
/// # Errors
/// How to ask, when this is no way to.
pub fn group(args: impl Iterator<Item = String>) -> Result<Group, String> {
    let args: Vec<_> = args.collect();
    let Some((first, flags)) = args.split_first() else {
        return Err(USAGE.to_owned());
    };
    let known = |flag: &String| ["--runs", "--backend", "--seed"].contains(&flag.as_str());
    let (pairs, rest) = flags.as_chunks::<2>();
    if first != "kill" || !rest.is_empty() || !pairs.iter().all(|[flag, _]| known(flag)) {
        return Err(USAGE.to_owned());
    }
    let told = |name: &str| {
        let found = pairs.iter().find(|[flag, _]| flag == name);
        found.map(|[_, value]| value.as_str())
    };
    let word = told("--backend").unwrap_or(Backend::Sqlite.word());
    let backend = Backend::ALL.into_iter().find(|it| it.word() == word);
    let runs = told("--runs").unwrap_or(RUNS);
    let numbers = [Some(runs), told("--seed")];
    if !numbers
        .into_iter()
        .flatten()
        .all(|number| number.parse::<u64>().is_ok())
    {
        return Err(USAGE.to_owned());
    }
    let backend = backend.ok_or_else(|| USAGE.to_owned())?;
    Ok(groups::chaos_kill(runs, backend, told("--seed")))
}

#[cfg(test)]
mod tests;
