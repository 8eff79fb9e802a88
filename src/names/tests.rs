//! Claims whose database is gone, in virtual time.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join;
use guildhall_process::testing::{self, Kit};
use guildhall_process::{ExitReason, Spawn, exit};
use guildhall_protocol::Code;
use guildhall_rules::names::name_key;
use guildhall_store::{DEFAULT_REALM, queries};
use uuid::Uuid;

use super::{Names, disband, rename, row, take};
use crate::hall::tests::{House, author};
use crate::persistence::{Change, NameOwner, OwnerKind, STATE_SCHEMA_VERSION, changes};

/// From the return of the database until everything is flushed, the pause between attempts included.
const RECOVERY: Duration = Duration::from_millis(1_100);

async fn start_names(kit: &Kit, house: &House) {
    let hall = Arc::clone(&house.hall);
    kit.start(Spawn::named("names"), move || Names::new(hall))
        .await;
}

/// The second claim waits for the first of the same guild, longer than its asker does.
#[test]
fn a_guild_is_not_disbanded_after_its_leader_was_told_that_nothing_was_changed() {
    testing::run(async |kit| {
        let house = House::open_without_store(&kit, |_| ()).await;
        let store = house.start_store(&kit).await;
        start_names(&kit, &house).await;
        let anna = house.account("anna").await;
        let (hall, id, by) = (&house.hall, Uuid::now_v7(), author(anna.account));
        let owner = NameOwner {
            kind: OwnerKind::Guild,
            id,
        };
        let key = |name| name_key(name).unwrap();
        let founded = Change::CreateGuild(changes::CreateGuild {
            id,
            realm: DEFAULT_REALM,
            founder: anna.account,
            name: row(DEFAULT_REALM, &key("Crew")),
            ship_schema_version: STATE_SCHEMA_VERSION,
            ship_state: b"{}".as_slice().into(),
            invite: None,
            founded_max: 1,
        });
        let founded = take(hall, owner, DEFAULT_REALM, key("Crew"), founded, by);
        founded.await.unwrap();
        exit(store.pid(), ExitReason::Kill);
        kit.assert_exit(store.pid(), ExitReason::Killed).await;
        let renamed = rename(hall, owner, DEFAULT_REALM, key("Other"), by);
        let disbanded = disband(hall, id, DEFAULT_REALM, by);
        let (renamed, disbanded) = join(renamed, disbanded).await;
        for refused in [renamed, disbanded] {
            assert_eq!(refused.unwrap_err().code, Code::Unavailable);
        }
        let _store = house.start_store(&kit).await;
        kit.advance(RECOVERY).await;
        // It waits for whatever of the guild is under way.
        let named = rename(hall, owner, DEFAULT_REALM, key("Third"), by);
        named.await.unwrap();
        let found = hall.read(move |conn| queries::guild(conn, id));
        assert!(found.await.unwrap().is_some(), "it was disbanded");
    });
}
