//! Reads SPDX licence expressions and asks whether the allow list satisfies them.

use super::Finding;
use super::lists::LICENCES;
use super::picture::Picture;

pub fn allowed(picture: &Picture) -> Vec<Finding> {
    picture
        .packages
        .iter()
        .filter_map(|package| {
            let sentence = match &package.licence {
                None => "names no licence".to_owned(),
                Some(licence) if satisfied(licence) => return None,
                Some(licence) => format!("{licence} is not on the allow list"),
            };
            Some(Finding::new(&package.name, sentence))
        })
        .collect()
}

/// Whether the allowed licences alone give the right to use the package. `AND` binds tighter than `OR`; the old `/`
/// means `OR`; an expression that does not parse is not satisfied.
fn satisfied(expression: &str) -> bool {
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let tokens: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = tokens.as_slice();
    let held = either(&mut rest);
    held == Some(true) && rest.is_empty()
}

fn either(rest: &mut &[&str]) -> Option<bool> {
    let mut held = both(rest)?;
    while take(rest, "OR") {
        held |= both(rest)?;
    }
    Some(held)
}

fn both(rest: &mut &[&str]) -> Option<bool> {
    let mut held = one(rest)?;
    while take(rest, "AND") {
        held &= one(rest)?;
    }
    Some(held)
}

fn one(rest: &mut &[&str]) -> Option<bool> {
    if take(rest, "(") {
        let held = either(rest)?;
        return take(rest, ")").then_some(held);
    }
    let (name, tail) = rest.split_first()?;
    *rest = tail;
    if take(rest, "WITH") {
        // An exception only adds rights.
        let (_, tail) = rest.split_first()?;
        *rest = tail;
    }
    Some(LICENCES.contains(name))
}

fn take(rest: &mut &[&str], word: &str) -> bool {
    match rest.split_first() {
        Some((first, tail)) if *first == word => {
            *rest = tail;
            true
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
