//! With a journal: `safe` before the database has it, long windows, and the replay at the next start.

use super::*;
use crate::persistence::ticket::Ticket;
use crate::persistence::{Answered, Author};

/// A world with one character, in which only the journal lives.
async fn open(kit: &Kit) -> Scene {
    let first = House::open_without_store(kit, |_| ()).await;
    let store = first.start_store(kit).await;
    let anna = first.account("anna").await;
    let hero = Uuid::now_v7();
    let created = first.hall.change(create(hero, &anna), author(anna.account));
    created.await.unwrap();
    let persistence = first.hall.persistence.whereis().unwrap();
    let presence = first.hall.presence.whereis().unwrap();
    for pid in [store.pid(), persistence.pid(), presence.pid()] {
        exit(pid, ExitReason::Kill);
        kit.assert_exit(pid, ExitReason::Killed).await;
    }
    let house = House::open_with_journal(kit, first.leave()).await;
    Scene {
        store: house.start_store(kit).await,
        kit: kit.clone(),
        house,
        anna,
        hero,
    }
}

#[test]
fn a_save_is_safe_although_the_database_is_gone_and_durable_when_it_is_back() {
    testing::run(async |kit| {
        let mut scene = open(&kit).await;
        scene.lose_database().await;
        let (ms, saved) = scene
            .timed(scene.house.hall.save(scene.save(1, "a"), Receipt::Safe))
            .await;
        let safe = Saved {
            version: 2,
            receipt: Receipt::Safe,
        };
        assert_eq!((ms, saved), (0, Ok(safe)), "no window is waited for");
        let (ms, saved) = scene
            .timed(scene.house.hall.save(scene.save(2, "b"), Receipt::Durable))
            .await;
        let receipt = saved.unwrap().receipt;
        assert_eq!((ms, receipt), (4_500, Receipt::Safe), "the best there is");
        scene.return_database().await;
        kit.advance(RECOVERY).await;
        assert_eq!(newest(&scene).await, 3);
        assert_eq!(scene.house.hall.saving().stats.dirty, 0);
    });
}

#[test]
fn safe_saves_share_a_long_window_and_who_waits_for_the_commit_cuts_it_short() {
    testing::run(async |kit| {
        let scene = open(&kit).await;
        let hall = &scene.house.hall;
        let batches = || hall.saving().stats.batches;
        let before = batches();
        for base in 1..=50 {
            let saved = hall.save(scene.save(base, "x"), Receipt::Safe).await;
            assert_eq!(saved.unwrap().receipt, Receipt::Safe);
            kit.advance(MS * 10).await;
        }
        assert_eq!((batches(), newest(&scene).await), (before, 1));
        kit.advance(MS * 500).await;
        assert_eq!((batches(), newest(&scene).await), (before + 1, 51));
        let save = hall.save(scene.save(51, "x"), Receipt::Durable);
        let (ms, saved) = scene.timed(save).await;
        assert_eq!(saved.unwrap().receipt, Receipt::Durable);
        assert!(ms <= 11, "{ms} ms");
    });
}

#[test]
fn what_was_safe_when_the_server_died_is_in_the_database_before_anybody_is_let_in() {
    testing::run(async |kit| {
        let scene = open(&kit).await;
        scene.lose_database().await;
        let mut promised = 1;
        for base in 1..=40 {
            let save = scene.save(base, &format!("after {base}"));
            let saved = scene.house.hall.save(save, Receipt::Safe).await.unwrap();
            assert_eq!(saved.receipt, Receipt::Safe);
            promised = saved.version;
            // Some of them are in a flight that never lands.
            kit.advance(MS * 100).await;
        }
        let persistence = scene.house.hall.persistence.whereis().unwrap();
        exit(persistence.pid(), ExitReason::Kill);
        kit.assert_exit(persistence.pid(), ExitReason::Killed).await;
        let journal = scene.house.hall.journal.as_ref().unwrap();
        assert!(journal.next_seq() > 40);
        let house = House::open_with_journal(&kit, scene.house.leave()).await;
        let hero = scene.hero;
        let row = house
            .hall
            .read(move |conn| guildhall_store::queries::character(conn, hero));
        let row = row.await.unwrap().unwrap();
        assert_eq!((row.version, promised), (41, 41));
        assert_eq!(row.state, json!("after 40").to_string().into_bytes());
        // Once: another start finds nothing left.
        let before = house.hall.saving().stats.submitted;
        assert_eq!(before, 0);
    });
}

#[test]
fn a_safe_save_that_the_database_refuses_is_told_and_kept() {
    testing::run(async |kit| {
        let mut scene = open(&kit).await;
        scene.lose_database().await;
        let hall = &scene.house.hall;
        // Nothing is known yet of the character, and that this is no version of it.
        let stale = hall.save(scene.save(7, "second"), Receipt::Safe).await;
        assert_eq!(stale.unwrap().receipt, Receipt::Safe);
        scene.return_database().await;
        kit.advance(RECOVERY).await;
        let hero = scene.hero;
        let hall = &scene.house.hall;
        let kept = hall
            .read(move |conn| guildhall_store::queries::refused_writes_of(conn, hero, 10))
            .await
            .unwrap();
        assert_eq!(kept.len(), 1);
        assert_eq!(kept[0].payload, json!("second").to_string().into_bytes());
        // Now it is known.
        let stale = hall.save(scene.save(7, "third"), Receipt::Safe).await;
        assert_eq!(stale.unwrap_err().code, Code::StaleVersion);
    });
}

#[test]
fn a_save_behind_somebody_elses_that_is_not_decided_is_safe_only_when_that_does_it_no_harm() {
    testing::run(async |kit| {
        let mut scene = open(&kit).await;
        scene.lose_database().await;
        let hall = &scene.house.hall;
        let stale = hall.save(scene.save(7, "stale"), Receipt::Safe).await;
        assert_eq!(stale.unwrap().receipt, Receipt::Safe);
        let by = Author {
            session: Some(Uuid::now_v7()),
            ..author(scene.anna.account)
        };
        let good = |base: u32| Save {
            by,
            ..scene.save(base, "good")
        };
        let (ms, second) = scene.timed(hall.save(good(1), Receipt::Safe)).await;
        assert_eq!((ms, second.unwrap().receipt), (4_500, Receipt::Queued));
        assert!(hall.dirty.newest_safe(good(1).key, by.session).is_none());
        scene.return_database().await;
        kit.advance(RECOVERY).await;
        assert_eq!(newest(&scene).await, 2);
        let hall = &scene.house.hall;
        let by = Author {
            session: Some(Uuid::now_v7()),
            ..author(scene.anna.account)
        };
        let saved = Save {
            by,
            ..scene.save(2, "on top")
        };
        let saved = hall.save(saved, Receipt::Safe).await;
        assert_eq!(saved.unwrap().receipt, Receipt::Safe);
    });
}

#[test]
fn nothing_is_called_safe_once_the_world_is_lost() {
    testing::run(async |kit| {
        let scene = open(&kit).await;
        scene.lose_database().await;
        let hall = &scene.house.hall;
        let seq = hall.dirty.lock().buffer.mark();
        let save = hall.save(scene.save(1, "a"), Receipt::Durable);
        let lost = async {
            kit.advance(MS).await;
            let mut dirty = hall.dirty.lock();
            let was_safe = |dirty: &mut super::super::dirty::Dirty| {
                dirty.buffer.receipt(seq).is_some_and(|it| it.is_safe())
            };
            assert!(was_safe(&mut dirty));
            dirty.break_down();
            assert!(!was_safe(&mut dirty));
            // An append that was under way comes to its end.
            dirty.safe(&[seq]);
            assert!(!was_safe(&mut dirty));
        };
        let (saved, ()) = futures_util::future::join(save, lost).await;
        assert_eq!(saved.unwrap().receipt, Receipt::Queued);
        let refused = hall.save(scene.save(2, "b"), Receipt::Safe).await;
        assert_eq!(refused.unwrap_err().code, Code::Unavailable);
    });
}

#[test]
fn what_is_safe_is_read_until_it_is_committed_and_what_is_read_is_never_older() {
    testing::run(async |kit| {
        let mut scene = open(&kit).await;
        let who = crate::character::Actor {
            account: scene.anna.account,
            realm: DEFAULT_REALM,
            session: Uuid::now_v7(),
            is_service: false,
        };
        scene.lose_database().await;
        for base in 1..4 {
            let save = scene.save(base, &format!("after {base}"));
            let saved = scene.house.hall.save(save, Receipt::Safe).await;
            assert_eq!(saved.unwrap().receipt, Receipt::Safe);
            let (view, receipt) = crate::character::get(&scene.house.hall, &who, scene.hero)
                .await
                .unwrap();
            assert_eq!((view.version, receipt), (base + 1, Receipt::Safe));
            assert_eq!(view.state, json!(format!("after {base}")));
            kit.advance(MS * 300).await;
        }
        scene.return_database().await;
        kit.advance(RECOVERY).await;
        let read = crate::character::get(&scene.house.hall, &who, scene.hero).await;
        let (view, receipt) = read.unwrap();
        assert_eq!((view.version, receipt), (4, Receipt::Durable));
    });
}

#[test]
fn nothing_is_called_safe_while_an_earlier_save_is_not_in_the_journal_and_not_decided() {
    testing::run(async |kit| {
        let mut scene = open(&kit).await;
        scene.lose_database().await;
        let hall = &scene.house.hall;
        let lost = hall.dirty.lock().buffer.mark();
        let first = hall.save(scene.save(1, "first"), Receipt::Durable);
        let second = async {
            kit.advance(MS).await;
            // What a full disk comes to; that this one is in the journal after all does no harm.
            hall.dirty.lock().not_kept(&[lost], hall.now());
            hall.save(scene.save(2, "second"), Receipt::Safe).await
        };
        let (_, second) = futures_util::future::join(first, second).await;
        let receipt = second.unwrap().receipt;
        assert_eq!(receipt, Receipt::Queued, "a crash may lose its base");
        scene.return_database().await;
        kit.advance(RECOVERY).await;
        assert_eq!(newest(&scene).await, 3);
        let hall = &scene.house.hall;
        let third = hall.save(scene.save(3, "third"), Receipt::Safe).await;
        assert_eq!(third.unwrap().receipt, Receipt::Safe);
    });
}

#[test]
fn what_a_crash_left_on_its_way_into_the_journal_is_waited_for_before_anything_is_called_safe() {
    testing::run(async |kit| {
        let mut scene = open(&kit).await;
        scene.lose_database().await;
        let hall = &scene.house.hall;
        let persistence = hall.persistence.whereis().unwrap();
        exit(persistence.pid(), ExitReason::Kill);
        kit.assert_exit(persistence.pid(), ExitReason::Killed).await;
        // The last that it did was to take the first save over, of which nobody knows where it came.
        let write = scene.save(1, "first").into();
        let (answer, first) = tokio::sync::oneshot::channel();
        let ticket = Ticket::new(&write, Receipt::Safe, answer);
        let now = hall.now();
        assert!(hall.dirty.lock().submit(write, ticket, now).is_ok());
        assert_eq!(hall.dirty.lock().take_to_journal().len(), 1);
        scene.house.start_persistence(&kit).await;
        let second = hall.save(scene.save(2, "second"), Receipt::Safe);
        let (first, second) = futures_util::future::join(first, second).await;
        let Ok(Answered::Promised { receipt: first, .. }) = first else {
            panic!("{first:?}");
        };
        let receipts = [first, second.unwrap().receipt];
        assert_eq!(receipts, [Receipt::Queued; 2], "a crash may lose the first");
        scene.return_database().await;
        kit.advance(RECOVERY).await;
        assert_eq!(newest(&scene).await, 3);
        let hall = &scene.house.hall;
        let third = hall.save(scene.save(3, "third"), Receipt::Safe).await;
        assert_eq!(third.unwrap().receipt, Receipt::Safe);
    });
}
