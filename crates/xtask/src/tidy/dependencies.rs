//! The dependency rule, the owners of outside libraries, and where packages come from.

use super::Finding;
use super::lists::{CRATES_IO, DEV_ONLY, DRAWN, OWNED};
use super::picture::{Need, Package, Picture};

pub fn drawn(picture: &Picture) -> Vec<Finding> {
    let ours: Vec<&str> = picture
        .ours()
        .map(|package| package.name.as_str())
        .collect();
    let mut findings = Vec::new();
    for package in picture.ours() {
        let Some((_, allowed)) = DRAWN.iter().find(|(name, _)| *name == package.name) else {
            findings.push(Finding::new(
                &package.name,
                "has no row in the dependency rule",
            ));
            continue;
        };
        let needs = package
            .needs
            .iter()
            .filter(|need| ours.contains(&need.name.as_str()));
        findings.extend(needs.filter_map(|need| undrawn(package, need, allowed)));
    }
    findings
}

fn undrawn(package: &Package, need: &Need, allowed: &[&str]) -> Option<Finding> {
    let sentence = if need.name == DEV_ONLY && !need.dev {
        format!("imports {DEV_ONLY}, which is for tests only")
    } else if need.name == DEV_ONLY || allowed.contains(&need.name.as_str()) {
        return None;
    } else if need.dev && need.name == package.name {
        // A package's tests may ask for its own optional features.
        return None;
    } else {
        format!("imports {}, which the rule does not draw", need.name)
    };
    Some(Finding::new(&package.name, sentence))
}

/// What only tests depend on is free; which names tests may write is the matter of `names.rs`.
pub fn owned(picture: &Picture) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in picture.ours() {
        for need in package.needs.iter().filter(|need| !need.dev) {
            let row = OWNED.iter().find(|(library, _)| *library == need.name);
            if row.is_some_and(|(_, owners)| !owners.contains(&package.name.as_str())) {
                let sentence = format!("depends on {}, which belongs to others", need.name);
                findings.push(Finding::new(&package.name, sentence));
            }
        }
    }
    findings
}

pub fn sources(picture: &Picture) -> Vec<Finding> {
    picture
        .packages
        .iter()
        .filter_map(|package| match package.source.as_deref() {
            Some(CRATES_IO) => None,
            None if package.ours => None,
            None => Some(Finding::new(
                &package.name,
                "comes from a folder outside this workspace",
            )),
            Some(other) => Some(Finding::new(&package.name, format!("comes from {other}"))),
        })
        .collect()
}

pub fn lock(picture: &Picture) -> Vec<Finding> {
    match picture.has("Cargo.lock") {
        true => Vec::new(),
        false => vec![Finding::new("Cargo.lock", "is missing")],
    }
}

#[cfg(test)]
mod tests;
