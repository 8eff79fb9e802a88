//! What the probe reads out of a supervisor status.

use serde_json::json;

use super::{is_alive, lost};

#[test]
fn a_session_is_found_wherever_it_is_in_the_tree_and_only_as_a_session() {
    let session = json!({"kind": "session", "registered": ["session:1"], "children": []});
    let other = json!({"kind": "port", "registered": ["session:2"]});
    let sessions = json!({"kind": "dynamic", "registered": [], "children": [other, session]});
    let status = json!({"tree": {"kind": "supervisor", "children": [sessions]}});
    assert!(is_alive(&status, "session:1"));
    assert!(!is_alive(&status, "session:2"));
    assert!(!is_alive(&status, "session:3"));
    assert!(!is_alive(&json!({"tree": null}), "session:1"));
}

#[test]
fn lost_connections_are_counted_from_none() {
    let status = |causes| json!({"sessions": {"ended_by_cause": causes}});
    assert_eq!(lost(&status(json!({}))), 0);
    assert_eq!(
        lost(&status(json!({"signed_out": 2, "connection_lost": 3}))),
        3
    );
    assert_eq!(lost(&json!({"sessions": null})), 0);
}
