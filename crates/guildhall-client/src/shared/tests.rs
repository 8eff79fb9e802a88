//! How answers find who asked.

use std::sync::Arc;

use uuid::Uuid;

use super::{ClientError, Refusal, Shared};
use guildhall_protocol::Code;

const ID: Uuid = Uuid::from_u128(1);

#[test]
fn a_request_or_an_upload_that_was_given_up_leaves_nothing_behind() {
    let shared: Arc<Shared> = Arc::default();
    let (pending, upload) = (shared.expect(ID).unwrap(), shared.watch_upload(ID));
    let held = || {
        let state = shared.lock();
        (state.pending.len(), state.uploads.len())
    };
    assert_eq!(held(), (1, 1));
    drop((pending, upload));
    assert_eq!(held(), (0, 0));
}

#[test]
fn the_refusal_of_an_upload_that_nobody_watches_is_not_kept() {
    let shared: Arc<Shared> = Arc::default();
    shared.upload_refused(ID, &Refusal::new(Code::UploadEnded, "Over."));
    assert!(shared.lock().uploads.is_empty());
    assert_eq!(shared.watch_upload(ID).refusal(), None);
}

#[test]
fn after_the_end_no_request_begins() {
    let shared: Arc<Shared> = Arc::default();
    shared.end(ClientError::lost("cable"));
    assert_eq!(shared.expect(ID).err(), Some(ClientError::lost("cable")));
}
