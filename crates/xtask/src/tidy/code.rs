//! A small scanner for Rust: blanks comments and literals, finds whole words, measures functions. It knows tokens,
//! not grammar, which is all that the checks need.

/// The text with comments, strings and character literals replaced by spaces; every line keeps its number.
pub fn only(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut after_word = false;
    while let Some(first) = rest.chars().next() {
        let hidden = hidden_bytes(rest, after_word);
        let (taken, tail) = rest.split_at(hidden.max(first.len_utf8()));
        if hidden == 0 {
            out.push(first);
        } else {
            out.extend(taken.chars().map(|c| if c == '\n' { c } else { ' ' }));
        }
        after_word = hidden == 0 && is_word(first);
        rest = tail;
    }
    out
}

/// Bytes of the comment or literal that `rest` begins with; 0 when it begins with code.
fn hidden_bytes(rest: &str, after_word: bool) -> usize {
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return block_comment_bytes(rest);
    }
    if rest.starts_with('\'') {
        return character_bytes(rest);
    }
    if after_word {
        return plain_string_bytes(rest);
    }
    let letters = rest.len() - rest.trim_start_matches(['b', 'c', 'r']).len();
    let (prefix, quoted) = rest.split_at(letters);
    let bytes = match prefix {
        "" | "b" | "c" => plain_string_bytes(quoted),
        "r" | "br" | "cr" => raw_string_bytes(quoted),
        _ => 0,
    };
    match bytes {
        0 => 0,
        found => found + letters,
    }
}

fn block_comment_bytes(rest: &str) -> usize {
    let mut depth = 0_u32;
    let mut at = 0;
    while let Some(tail) = rest.get(at..).filter(|tail| !tail.is_empty()) {
        let step = if tail.starts_with("/*") {
            depth += 1;
            2
        } else if tail.starts_with("*/") {
            depth -= 1;
            2
        } else {
            tail.chars().next().map_or(1, char::len_utf8)
        };
        at += step;
        if depth == 0 {
            break;
        }
    }
    at
}

/// A quote that ends no character literal begins a lifetime or a label.
fn character_bytes(rest: &str) -> usize {
    let mut chars = rest.char_indices().skip(1);
    match chars.next() {
        Some((_, '\\')) => {
            chars.next();
            chars.find(|(_, c)| *c == '\'').map_or(0, |(at, _)| at + 1)
        }
        Some(_) => match chars.next() {
            Some((at, '\'')) => at + 1,
            _ => 0,
        },
        None => 0,
    }
}

fn plain_string_bytes(rest: &str) -> usize {
    if !rest.starts_with('"') {
        return 0;
    }
    let mut chars = rest.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

fn raw_string_bytes(rest: &str) -> usize {
    let body = rest.trim_start_matches('#');
    let hashes = rest.len() - body.len();
    if !body.starts_with('"') {
        return 0;
    }
    let end = format!("\"{}", "#".repeat(hashes));
    let from = hashes + 1;
    rest.get(from..)
        .and_then(|inside| inside.find(&end))
        .map_or(rest.len(), |at| from + at + end.len())
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Byte positions at which `word` stands in `code` as a whole word. `word` may be a path (`time::sleep`) or end with
/// a sign (`todo!`).
pub fn positions<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    code.match_indices(word).filter_map(move |(at, _)| {
        let (head, tail) = (code.get(..at)?, code.get(at + word.len()..)?);
        let open_left = !head.ends_with(is_word);
        let open_right = !word.ends_with(is_word) || !tail.starts_with(is_word);
        (open_left && open_right).then_some(at)
    })
}

/// Line numbers, from 1, at which `word` stands as a whole word; a line once.
pub fn lines_with(code: &str, word: &str) -> Vec<usize> {
    let mut lines: Vec<usize> = positions(code, word).map(|at| line_of(code, at)).collect();
    lines.dedup();
    lines
}

/// The line number, from 1, of a byte position.
pub fn line_of(code: &str, at: usize) -> usize {
    let head = code.get(..at).unwrap_or(code);
    head.matches('\n').count() + 1
}

/// A function with a body: where it starts and how many lines it takes, signature and braces included.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    pub name: String,
    pub line: usize,
    pub lines: usize,
}

pub fn functions(code: &str) -> Vec<Function> {
    positions(code, "fn")
        .filter_map(|at| {
            let rest = code.get(at + 2..)?;
            let name: String = rest
                .trim_start()
                .chars()
                .take_while(|c| is_word(*c))
                .collect();
            let bytes = body_end(rest)?;
            let lines = rest.get(..bytes)?.matches('\n').count() + 1;
            let line = line_of(code, at);
            // `fn(u32) -> u32` is a type.
            (!name.is_empty()).then_some(Function { name, line, lines })
        })
        .collect()
}

/// Where the body that follows a signature ends; `None` for a signature without a body.
fn body_end(rest: &str) -> Option<usize> {
    let mut brackets = 0_i32;
    let mut braces = 0_i32;
    for (at, c) in rest.char_indices() {
        match c {
            '(' | '[' => brackets += 1,
            ')' | ']' => brackets -= 1,
            '{' => braces += 1,
            '}' => braces -= 1,
            _ => {}
        }
        match c {
            ';' if brackets == 0 && braces == 0 => return None,
            '}' if braces == 0 => return Some(at),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests;
