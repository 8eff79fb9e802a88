//! The incident that this house was built against: one batch, and one update in it that the database refuses.

use futures_util::future::{join, join_all};
use guildhall::names::Figures;
use guildhall_protocol::{Code, Receipt};
use guildhall_testkit::eventually;
use serde_json::json;

use super::scene::{Scene, refusal, told};
use super::second_writer::BatchLine;
use crate::harness::PATIENCE;

#[tokio::test]
async fn a_rename_that_only_the_database_can_refuse_costs_a_ship_and_nine_saves_in_its_batch_nothing()
 {
    let scene = Scene::start();
    let logins = [
        "captain",
        "first-mate",
        "second-mate",
        "third-mate",
        "rogue",
    ];
    let [mut captain, first, second, third, rogue] = scene.people(logins).await;
    let corsairs = scene.guild(&captain, "Corsairs").await;
    let mut heroes = Vec::new();
    for (mate, names) in [
        (&first, ["Abel", "Boris", "Cedric"]),
        (&second, ["Dorian", "Edgar", "Fergus"]),
        (&third, ["Gideon", "Hector", "Ivor"]),
    ] {
        let born = scene.characters(mate, names).await;
        heroes.extend(born.map(|hero| (mate, hero)));
    }
    let [upstart] = scene.characters(&rogue, ["Upstart"]).await;
    scene.second.claim("Ahab");
    let before = scene.second.newest_batch();

    let ship = captain.client.save_ship(corsairs, 1, json!({"at": "sea"}));
    let saves = heroes
        .iter()
        .enumerate()
        .map(|(n, (mate, hero))| mate.client.save_character(*hero, 1, json!({"gold": n})));
    // Urgent, so it closes the window behind the ten that wait in it.
    let rename = async {
        scene.until_waiting(10).await;
        rogue.client.rename_character(upstart, "Ahab").await
    };
    let ((ship, saves), renamed) = join(join(ship, join_all(saves)), rename).await;

    let ship = ship.unwrap();
    assert_eq!((ship.version, ship.receipt), (2, Receipt::Durable));
    assert_eq!(
        scene.second.stored(corsairs),
        Some((2, json!({"at": "sea"})))
    );
    for (n, saved) in saves.into_iter().enumerate() {
        let saved = saved.unwrap();
        assert_eq!((saved.version, saved.receipt), (2, Receipt::Durable));
        let (mate, hero) = heroes[n];
        scene
            .assert_character(mate, hero, 2, json!({"gold": n}))
            .await;
    }
    let refused = refusal(renamed);
    assert_eq!(refused.code, Code::NameTaken);
    assert_eq!(refused.rule, "name.unique_in_database");
    assert!(!refused.next.is_empty());

    // All of it was one batch.
    let batch = before + 1;
    let (rows, of_them_refused) = (10, 1);
    assert_eq!(
        scene.second.batches_after(before),
        [BatchLine {
            seq: batch,
            rows,
            refused: of_them_refused
        }]
    );
    let ids = heroes.iter().map(|(_, hero)| *hero).chain([corsairs]);
    for id in ids {
        let lines = scene.second.history(id, before);
        assert_eq!(lines.len(), 1);
        assert_eq!((lines[0].batch, lines[0].cause.as_str()), (batch, "saved"));
    }
    let [recorded] = &scene.second.refused()[..] else {
        panic!("{:?}", scene.second.refused());
    };
    assert_eq!((recorded.batch, recorded.entity), (batch, upstart));
    assert_eq!(recorded.cause, "unique");
    let constraint = recorded.constraint.as_deref().unwrap();
    assert!(constraint.contains("name_key"), "{constraint}");
    assert_eq!(recorded.account, rogue.account.id());
    assert_eq!(recorded.session, Some(rogue.client.welcome().session));
    assert_eq!(recorded.payload["change"], "rename");
    assert_eq!(recorded.payload["name"]["key"], "ahab");

    // The rename's owner lost nothing but the wish, and the name authority has learned.
    assert_eq!(
        rogue.client.character(upstart).await.unwrap().name,
        "Upstart"
    );
    let names = eventually(PATIENCE, "the name to be read back", async || {
        let told = scene.server.hall.names.call(|reply| Figures { reply });
        told.await.ok().filter(|figures| figures.pending == 0)
    })
    .await;
    assert_eq!(names.alarms, 1);
    let rows = scene.second.number("SELECT count(*) FROM names");
    assert_eq!(names.taken, u64::try_from(rows).unwrap());
    let submitted = scene.figures().submitted;
    let third_party = first.client.rename_character(heroes[0].1, "AHAB").await;
    let refused = refusal(third_party);
    assert_eq!(
        (refused.code, refused.rule.as_str()),
        (Code::NameTaken, "name.unique")
    );
    assert_eq!(scene.figures().submitted, submitted);
    let another = rogue.client.rename_character(upstart, "Ishmael").await;
    assert_eq!(another.unwrap().0, "Ishmael");

    // The ship's owner noticed nothing, and sails on.
    let next = captain.client.save_ship(corsairs, 2, json!({"at": "port"}));
    assert_eq!(scene.prepare(next).await.unwrap().version, 3);
    assert_eq!(told(&captain.client, &mut captain.events).await, []);
    assert_eq!(scene.second.refused().len(), 1);
}
