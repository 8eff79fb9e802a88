//! The scanner on the places where a simpler one goes wrong.

use super::*;

#[test]
fn comments_and_literals_are_blanked_and_lines_stay() {
    let text = "a // dbg!\n/* x /* y */\n z */ b \"dbg!\\\" \n\" c 'd' '\\'' e";
    let code = only(text);
    assert_eq!(code.matches('\n').count(), text.matches('\n').count());
    let words: Vec<&str> = code.split_whitespace().collect();
    assert_eq!(words, ["a", "b", "c", "e"]);
}

#[test]
fn raw_strings_end_at_their_own_hashes() {
    let code = only(r####"let a = r#"x " y"#; let b = br##"" "# "##; bar("z")"####);
    assert_eq!(
        code.split_whitespace().collect::<Vec<_>>().join(" "),
        "let a = ; let b = ; bar( )"
    );
}

#[test]
fn a_lifetime_opens_no_character() {
    let code = only("fn f<'a>(x: &'a str, y: char) -> &'a str { if y == '\"' { x } else { x } }");
    assert!(code.contains("&'a str {"), "{code}");
    assert!(code.ends_with("else { x } }"), "{code}");
}

#[test]
fn words_are_whole() {
    assert_eq!(
        lines_with("diesel::x\nmy_diesel\ndiesel_two\nuse diesel;", "diesel"),
        [1, 4]
    );
    assert_eq!(lines_with("todo!()\nmy_todo!()", "todo!"), [1]);
}

#[test]
fn functions_are_measured_from_signature_to_brace() {
    let code =
        "fn one() {}\nfn two(\n  x: [u8; 2],\n) {\n  if x { y }\n}\nfn sig();\ntype T = fn(u8);";
    let found = functions(code);
    let expected = [("one", 1, 1), ("two", 2, 5)].map(|(name, line, lines)| Function {
        name: name.to_owned(),
        line,
        lines,
    });
    assert_eq!(found, expected);
}
