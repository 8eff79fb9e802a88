//! Crates that others use: every public item has an example. Public is what `lib.rs` (or a public module beside it)
//! exports by `pub use`, with the methods of exported types and the items of exported traits; trait impls, variants
//! and fields are told with them. The scan goes by rustfmt's indentation: items at 0, those of an impl at 4 spaces.

use super::Finding;
use super::lists::DOCUMENTED;
use super::picture::{File, Picture};

pub fn of_public_items(picture: &Picture) -> Vec<Finding> {
    let mut findings = Vec::new();
    for folder in DOCUMENTED {
        let inside = |file: &&File| file.path.starts_with(folder) && !file.is_test();
        let exported: Vec<&str> = picture
            .rust()
            .filter(inside)
            .flat_map(|file| exports(&file.code))
            .collect();
        for file in picture.rust().filter(inside) {
            for item in items(file, &exported) {
                findings.extend(item.finding(file));
            }
        }
    }
    findings
}

/// The names that `pub use` lines export; a file in a private module exports to its parent only, which then names
/// them too.
fn exports(code: &str) -> impl Iterator<Item = &str> {
    code.split("\npub use ")
        .skip(1)
        .filter_map(|rest| rest.split(';').next())
        .flat_map(|list| list.split(|c: char| !c.is_alphanumeric() && c != '_'))
}

struct Item {
    name: String,
    /// From 0.
    line: usize,
}

impl Item {
    fn finding(&self, file: &File) -> Option<Finding> {
        let lines: Vec<&str> = file.text.lines().collect();
        let above = lines.get(..self.line)?.iter().rev().map(|line| line.trim());
        let docs: Vec<&str> = above
            .take_while(|line| line.starts_with("///") || line.starts_with('#'))
            .collect();
        if docs.contains(&"#[doc(hidden)]") {
            return None;
        }
        let fences = docs.iter().filter_map(|line| line.strip_prefix("/// ```"));
        let runs = |fence: &str| matches!(fence, "" | "no_run" | "should_panic");
        (!fences.into_iter().any(runs)).then(|| {
            let sentence = format!("{} has no example that is compiled", self.name);
            Finding::at(&file.path, self.line + 1, sentence)
        })
    }
}

/// The public items of a file.
fn items(file: &File, exported: &[&str]) -> Vec<Item> {
    let mut items = Vec::new();
    // A private type of this file may be called like a public one of another.
    let is_public = |name: &str| exported.contains(&name) && !has_private(file, name);
    // The exported type or trait whose block this is, and what its public items begin with.
    let mut block: Option<(&str, &str)> = None;
    for (line, text) in file.code.lines().enumerate() {
        if let Some(header) = text.strip_prefix("impl") {
            block = own_impl(header).map(|name| (name, "    pub "));
        } else if let Some((kind, name)) = text.strip_prefix("pub ").and_then(declared) {
            block = (kind == "trait").then_some((name, "    "));
            if is_public(name) {
                let name = name.to_owned();
                items.push(Item { name, line });
            }
        } else if text == "}" {
            block = None;
        } else if let Some((owner, start)) = block.filter(|(owner, _)| is_public(owner))
            && let Some((_, name)) = text.strip_prefix(start).and_then(declared)
        {
            let name = format!("{owner}::{name}");
            items.push(Item { name, line });
        }
    }
    items
}

fn has_private(file: &File, name: &str) -> bool {
    file.code.lines().any(|line| {
        let open = line.split_once(") ").filter(|_| line.starts_with("pub("));
        declared(open.map_or(line, |(_, rest)| rest)).is_some_and(|(_, own)| own == name)
    })
}

/// The type that `impl<…> Type<…>` is for; `None` for the impl of a trait.
fn own_impl(header: &str) -> Option<&str> {
    let mut depth = 0_i32;
    let mut before = ' ';
    let start = header.char_indices().find_map(|(at, c)| {
        let arrow = before == '-';
        before = c;
        depth += i32::from(c == '<') - i32::from(c == '>' && !arrow);
        (depth == 0 && c != '>' && !c.is_whitespace()).then_some(at)
    });
    let named = header.get(start?..)?;
    (!named.contains(" for ")).then(|| first_word(named))
}

/// The kind and the name of what is declared here.
fn declared(text: &str) -> Option<(&str, &str)> {
    let text = text
        .strip_prefix("const fn ")
        .map_or(text, |_| text.get("const ".len()..).unwrap_or_default());
    let text = text.strip_prefix("async ").unwrap_or(text);
    let (kind, rest) = text.split_once(' ')?;
    let kinds = [
        "struct", "enum", "union", "trait", "fn", "const", "type", "static",
    ];
    kinds.contains(&kind).then(|| (kind, first_word(rest)))
}

fn first_word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_');
    text.get(..end.unwrap_or(text.len())).unwrap_or(text)
}

#[cfg(test)]
mod tests;
