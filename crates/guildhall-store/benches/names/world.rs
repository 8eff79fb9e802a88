//! A ledger of many names, written in bulk past the server.

use std::io::Write;
use std::path::Path;

use guildhall_store::names::NameHashes;
use guildhall_store::{DEFAULT_REALM, Database, OpenOptions, Target};
use uuid::Uuid;

/// A name of about the usual length, its owner, and its hashes.
fn rows(count: u64) -> impl Iterator<Item = (String, String, NameHashes)> {
    (0..count).map(|n| {
        let key = format!(
            "{:x} of the hill",
            n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20
        );
        let owner = Uuid::from_u128(u128::from(n) << 64 | 0x7000_8000).to_string();
        let hashes = NameHashes::of(DEFAULT_REALM, &key, &key, &key);
        (key, owner, hashes)
    })
}

const INDEXES: [&str; 3] = ["names_by_hash", "names_by_skeleton", "names_by_written"];

fn indexes(db: &rusqlite::Connection) -> Vec<String> {
    let sql = "SELECT sql FROM sqlite_master WHERE type = 'index' AND name = ?";
    let sql = INDEXES.map(|name| db.query_row(sql, [name], |row| row.get(0)).unwrap());
    for name in INDEXES {
        db.execute_batch(&format!("DROP INDEX {name}")).unwrap();
    }
    sql.into()
}

/// A migrated file with so many names.
pub fn sqlite(path: &Path, count: u64) -> Database {
    let db = Database::open(path, &OpenOptions::default()).unwrap();
    db.migrate().unwrap();
    let conn = rusqlite::Connection::open(path).unwrap();
    conn.execute_batch("PRAGMA synchronous = OFF; PRAGMA cache_size = -262144; BEGIN")
        .unwrap();
    let indexes = indexes(&conn);
    {
        let sql =
            "INSERT INTO names (id, realm_id, owner_kind, owner_id, name_key, display, skeleton,
            key_version, claimed_at, key_hash, skeleton_hash, written_hash)
            VALUES (?1, ?2, 'character', ?1, ?3, ?3, ?3, 1, 0, ?4, ?5, ?6)";
        let mut insert = conn.prepare(sql).unwrap();
        let realm = DEFAULT_REALM.to_string();
        for (key, owner, hashes) in rows(count) {
            let [hash, folded, written] =
                [hashes.key, hashes.folded, hashes.written].map(u64::cast_signed);
            insert
                .execute((&owner, &realm, &key, hash, folded, written))
                .unwrap();
        }
    }
    for index in indexes {
        conn.execute_batch(&index).unwrap();
    }
    conn.execute_batch("COMMIT; ANALYZE; PRAGMA wal_checkpoint(TRUNCATE)")
        .unwrap();
    db
}

/// The same in PostgreSQL, by its own bulk loader.
pub fn postgres(url: &str, file: &Path, count: u64) -> Database {
    let db = Database::open(Target::parse(url).unwrap(), &OpenOptions::default()).unwrap();
    db.migrate().unwrap();
    let mut out = std::io::BufWriter::new(std::fs::File::create(file).unwrap());
    for (key, owner, hashes) in rows(count) {
        let [hash, folded, written] =
            [hashes.key, hashes.folded, hashes.written].map(u64::cast_signed);
        let realm = DEFAULT_REALM;
        writeln!(
            out,
            "{owner},{realm},character,{owner},{key},{key},{key},1,0,{hash},{folded},{written}"
        )
        .unwrap();
    }
    out.into_inner().unwrap();
    let columns =
        "id, realm_id, owner_kind, owner_id, name_key, display, skeleton, key_version, claimed_at,
        key_hash, skeleton_hash, written_hash";
    let file = file.display();
    let copy = format!(
        "\\copy names ({}) FROM '{file}' WITH (FORMAT csv)",
        columns.replace('\n', " ")
    );
    guildhall_testkit::postgres::psql(url, &copy);
    guildhall_testkit::postgres::psql(url, "VACUUM ANALYZE names");
    db
}
