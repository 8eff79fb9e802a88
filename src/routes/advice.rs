//! `Retry-After`: on every answer that says to come again later.

use std::time::Duration;

use actix_web::http::header::{self, HeaderName};
use guildhall_protocol::Refusal;
use guildhall_rules::advice::retry_after_s;
use serde_json::Value;

/// After this a part of the server that restarts, or a queue that is full, is worth another try.
pub const SHORTLY: Duration = Duration::from_secs(2);

/// How long whoever is refused must wait, as far as that is known.
pub fn wait_of(refusal: &Refusal) -> Duration {
    let told = refusal.detail.as_deref();
    let wait_ms = told.and_then(|detail| detail.get("retry_after_ms").and_then(Value::as_u64));
    wait_ms.map_or(SHORTLY, Duration::from_millis)
}

/// The header, with some chance in it, so that those who were refused together do not come back together.
pub fn retry_after(wait: Duration) -> (HeaderName, String) {
    // Without randomness all come at once, which is no reason not to answer.
    let chance = getrandom::u64().unwrap_or(0);
    (header::RETRY_AFTER, retry_after_s(wait, chance).to_string())
}
