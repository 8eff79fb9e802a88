//! The table of public routes.

use std::collections::BTreeSet;

use guildhall_protocol::http::{Auth, Method, Route, revision_path};
use uuid::Uuid;

#[test]
fn every_route_has_a_method_and_path_of_its_own() {
    let routes = Route::ALL
        .iter()
        .map(|it| (it.method().as_str(), it.path()));
    assert_eq!(routes.collect::<BTreeSet<_>>().len(), Route::ALL.len());
}

#[test]
fn whoever_changes_something_without_a_token_can_only_be_somebody_who_has_none_yet() {
    let open = Route::ALL
        .iter()
        .filter(|it| it.method() == Method::Post && it.auth() == Auth::Nobody);
    assert!(open.eq(&[Route::SignUp, Route::SignIn]));
}

#[test]
fn the_path_of_a_revision_is_the_pattern_filled_in() {
    let board = Uuid::from_u128(7);
    let filled = Route::Revision
        .path()
        .replace("{board}", &board.to_string());
    assert_eq!(filled.replace("{revision}", "3"), revision_path(board, 3));
}
