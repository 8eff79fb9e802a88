//! Maps that would harm a table: refused with the rule that they break, the head stays, and the next good
//! map is taken.

use std::path::Path;

use guildhall_protocol::Code;
use guildhall_testkit::{MapSpec, bad_maps, grey_png, map_with, small_map};
use serde_json::{Value, json};

use super::{Bystander, assert_code};
use crate::harness::{Player, Server};

const FORMAT: &str = "universal-vtt";

/// The rule that refuses each of the test kit's bad maps.
fn rule_of(what: &str) -> &'static str {
    match what {
        "not JSON" => "map.not_utf8",
        "truncated" => "map.truncated",
        "image of the wrong size" => "map.image_size",
        "image cut short" => "map.image_truncated",
        "base64 that is not an image" => "map.image_unknown",
        "image that is not base64" => "map.image_not_base64",
        "image missing" => "map.field_type",
        "coordinate of 1e300" => "map.point_outside",
        "no pixels per grid" => "map.pixels_per_grid_range",
        other => panic!("no rule is known for {other:?}"),
    }
}

/// More ways to be bad: what is wrong, the bytes, the rule.
fn more_bad_maps() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let set = |name: &str, value: Value| {
        let field = (name.to_owned(), value);
        map_with(|map| map.fields.push(field))
    };
    let good = small_map();
    let replaced = |from: &str, to: &str| {
        let text = String::from_utf8(good.clone()).unwrap();
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1).into_bytes()
    };
    let last = good.len() - 1;
    let cut_png = |bytes: usize| {
        let png = grey_png(64, 48, 200);
        map_with(|map| map.image = Some(png[..png.len() - bytes].to_vec()))
    };
    let lights = |x: f64| json!([{"position": {"x": x, "y": 0}, "range": 1, "intensity": 1, "color": "ffffffff", "shadows": true}]);
    vec![
        ("one byte short", good[..last].to_vec(), "map.truncated"),
        ("one byte", good[..1].to_vec(), "map.truncated"),
        (
            "something after the end",
            [&good[..], b"}"].concat(),
            "map.not_json",
        ),
        (
            "not UTF-8",
            replaced("ffffffff", "\u{1}")
                .iter()
                .map(|b| if *b == 1 { 0xff } else { *b })
                .collect(),
            "map.not_utf8",
        ),
        (
            "a number that is none",
            replaced("\"x\":1.5", "\"x\":NaN"),
            "map.not_json",
        ),
        (
            "a number beyond a double",
            replaced("\"x\":1.5", "\"x\":1e999"),
            "map.number_not_finite",
        ),
        (
            "a light at 1e300",
            set("lights", lights(1e300)),
            "map.point_outside",
        ),
        (
            "a light at -1e300",
            set("lights", lights(-1e300)),
            "map.point_outside",
        ),
        (
            "an image that lost its last byte",
            cut_png(1),
            "map.image_truncated",
        ),
        (
            "an image of its header only",
            cut_png(grey_png(64, 48, 200).len() - 33),
            "map.image_truncated",
        ),
        (
            "an image of one row too many",
            map_with(|m| m.image = Some(grey_png(64, 52, 9))),
            "map.image_size",
        ),
        (
            "an image turned on its side",
            map_with(|m| m.image = Some(grey_png(48, 64, 9))),
            "map.image_size",
        ),
        (
            "a GIF",
            map_with(|m| m.image = Some(b"GIF89a\x40\0\x30\0\0\0\0;".to_vec())),
            "map.image_unknown",
        ),
        (
            "an image of no bytes",
            set("image", json!("")),
            "map.image_missing",
        ),
        (
            "an image that is a number",
            set("image", json!(7)),
            "map.field_type",
        ),
        (
            "a resolution that is a list",
            set("resolution", json!([])),
            "map.field_type",
        ),
        (
            "lists within lists without end",
            set("extra", nested(60)),
            "map.too_deep",
        ),
        (
            "a million cells",
            map_with(|m| {
                m.fields.push(("resolution".to_owned(), json!({"map_origin": {"x": 0, "y": 0}, "map_size": {"x": 1e6, "y": 3}, "pixels_per_grid": 16})))
            }),
            "map.size_range",
        ),
    ]
}

fn nested(depth: usize) -> Value {
    (0..depth).fold(json!(1), |inner, _| json!([inner]))
}

#[tokio::test]
async fn a_map_that_would_harm_is_refused_with_its_rule_and_the_head_stays() {
    let server = Server::start();
    let bystander = Bystander::of(&server).await;
    let mut table = server.table(FORMAT).await;
    let (board, gm) = (table.board, &table.gm.client);
    gm.open_board(board).await.unwrap();
    table.player.client.open_board(board).await.unwrap();
    // Before there is a head, and after.
    let empty = gm.upload_board(board, None, FORMAT, b"").await;
    assert_eq!(assert_code(empty, Code::BadField).rule, "upload.size_min");
    let truncated = &small_map()[..100];
    let refused = gm.upload_board(board, None, FORMAT, truncated).await;
    assert_eq!(assert_code(refused, Code::MapInvalid).rule, "map.truncated");
    assert_eq!(gm.board_status(board).await.unwrap().head, None);
    let first = gm.upload_board(board, None, FORMAT, &small_map()).await;
    let head = first.unwrap().0;
    let files = kept_files(&server);
    let known = bad_maps()
        .into_iter()
        .filter(|(_, bytes)| !bytes.is_empty());
    let known = known.map(|(what, bytes)| (what, bytes, rule_of(what)));
    for (what, bytes, rule) in known.chain(more_bad_maps()) {
        let refused = gm.upload_board(board, Some(1), FORMAT, &bytes).await;
        let refusal = assert_code(refused, Code::MapInvalid);
        assert_eq!(refusal.rule, rule, "{what}: {refusal}");
        let status = gm.board_status(board).await.unwrap();
        assert_eq!(status.head.as_ref(), Some(&head), "{what}");
    }
    assert_eq!(kept_files(&server), files);
    let good = map_with(|map| map.shade = 90);
    let second = gm.upload_board(board, Some(1), FORMAT, &good).await;
    let second = second.unwrap().0;
    assert_eq!(second.revision, 2);
    // Of all this the player heard of the two that were good.
    let heads = [
        next_head(&mut table.player).await,
        next_head(&mut table.player).await,
    ];
    assert_eq!(heads, [head, second]);
    bystander.is_served().await;
}

async fn next_head(who: &mut Player) -> guildhall_protocol::Head {
    let moved = who.events.find(|event| match event {
        guildhall_protocol::Event::BoardHeadMoved { head, .. } => Some(head),
        _ => None,
    });
    tokio::time::timeout(crate::harness::PATIENCE, moved)
        .await
        .unwrap()
        .unwrap()
}

/// How many contents lie among the board files.
fn kept_files(server: &Server) -> usize {
    let blobs = server.data.path().join("blobs");
    let dirs = std::fs::read_dir(blobs).unwrap();
    dirs.map(|dir| std::fs::read_dir(dir.unwrap().path()).unwrap().count())
        .sum()
}

#[tokio::test]
async fn a_refusal_names_the_place_in_the_document() {
    let server = Server::start();
    let table = server.table(FORMAT).await;
    table.gm.client.open_board(table.board).await.unwrap();
    let far = map_with(|map| map.wall.push((1e300, 0.0)));
    let refused = table
        .gm
        .client
        .upload_board(table.board, None, FORMAT, &far)
        .await;
    let detail = assert_code(refused, Code::MapInvalid).detail.unwrap();
    assert_eq!(detail["path"], "$.line_of_sight[0][3]");
}

#[tokio::test]
async fn what_exporters_do_and_harms_nobody_is_taken_with_a_warning() {
    let server = Server::start();
    let table = server.table(FORMAT).await;
    let (board, gm) = (table.board, &table.gm.client);
    gm.open_board(board).await.unwrap();
    let mut odd = MapSpec::default();
    odd.wall.push((4.5, -0.5));
    odd.fields.push(("format".to_owned(), json!(0.2)));
    odd.fields.push(("software".to_owned(), json!("an editor")));
    let mut bytes = odd.to_json();
    bytes.as_object_mut().unwrap().remove("lights");
    let bytes = bytes.to_string().into_bytes();
    let (head, warnings) = gm.upload_board(board, None, FORMAT, &bytes).await.unwrap();
    assert_eq!(head.size_bytes, u64::try_from(bytes.len()).unwrap());
    let codes: Vec<_> = warnings
        .iter()
        .map(|warning| warning.code.as_str())
        .collect();
    assert!(codes.contains(&"map.point_outside"), "{warnings:?}");
}

/// The real export, where it lies beside the checkout.
#[tokio::test]
async fn the_real_map_cut_anywhere_is_refused_and_whole_it_is_taken() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/maps/cave.dd2vtt");
    let Ok(map) = std::fs::read(path) else {
        return;
    };
    let server = Server::start();
    let table = server.table(FORMAT).await;
    let (board, gm) = (table.board, &table.gm.client);
    gm.open_board(board).await.unwrap();
    for end in [1, 4_000, map.len() / 2, map.len() - 3] {
        let refused = gm.upload_board(board, None, FORMAT, &map[..end]).await;
        assert_eq!(assert_code(refused, Code::MapInvalid).rule, "map.truncated");
    }
    let (head, _) = gm.upload_board(board, None, FORMAT, &map).await.unwrap();
    assert_eq!(head.hash, blake3::hash(&map).to_hex().to_string());
}
