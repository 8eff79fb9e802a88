//! The tables of refusal codes and close codes.

use std::collections::BTreeSet;

use guildhall_protocol::{CloseCode, Code, Refusal};

#[test]
fn code_words_are_unique_and_in_snake_case() {
    let words: BTreeSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(words.len(), Code::ALL.len());
    for word in words {
        assert!(
            word.chars().all(|c| c.is_ascii_lowercase() || c == '_'),
            "{word}"
        );
    }
}

#[test]
fn a_code_is_the_same_word_in_json_as_in_the_table() {
    for code in Code::ALL {
        let text = serde_json::to_string(code).unwrap();
        assert_eq!(text, format!("\"{code}\""));
        assert_eq!(serde_json::from_str::<Code>(&text).unwrap(), *code);
    }
}

#[test]
fn the_codes_of_version_1_are_all_there() {
    let frozen = "malformed_json bad_request_id unknown_type bad_field message_too_large \
        hello_first unauthenticated origin_forbidden banned not_found not_a_member role_forbidden \
        rank_forbidden invite_unknown already_member last_leader escrow_taken realm_unknown not_open base_not_loaded stale_base \
        upload_unknown upload_out_of_order upload_too_long upload_incomplete upload_ended \
        chunk_malformed upload_too_large too_many_uploads format_mismatch map_invalid \
        hash_mismatch name_invalid name_taken name_confusable stale_version fenced \
        state_too_large refused_by_database login_taken login_invalid password_too_weak \
        credentials_wrong too_many_attempts rate_limited body_too_large limit_reached overloaded unavailable internal";
    let words: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(words, frozen.split_whitespace().collect::<Vec<_>>());
}

#[test]
fn every_refusal_names_a_rule_and_a_next_step() {
    for code in Code::ALL {
        let refusal = Refusal::new(*code, "Evidence.");
        assert!(
            refusal.rule.contains('.') && !refusal.rule.contains(' '),
            "{code}"
        );
        assert!(
            refusal.next.ends_with('.') && refusal.next.contains(' '),
            "{code}"
        );
    }
}

#[test]
fn a_closer_rule_and_next_step_take_the_place_of_the_codes_own() {
    let refusal = Refusal::new(Code::NameInvalid, "It has a zero-width character.")
        .rule("name.zero_width")
        .next("Leave the third character out.");
    assert_eq!(
        refusal.to_string(),
        "It has a zero-width character. (name_invalid, rule name.zero_width). \
         Next: Leave the third character out."
    );
}

#[test]
fn close_codes_are_unique_and_found_by_number() {
    let numbers: BTreeSet<_> = CloseCode::ALL.iter().map(|close| close.code).collect();
    assert_eq!(numbers.len(), CloseCode::ALL.len());
    for close in CloseCode::ALL {
        assert_eq!(CloseCode::from_code(close.code), Some(*close));
        // A close frame's payload is at most 125 bytes, two of them the code (RFC 6455 §5.5).
        assert!(close.reason.len() <= 123);
    }
    assert_eq!(CloseCode::from_code(1005), None);
}
