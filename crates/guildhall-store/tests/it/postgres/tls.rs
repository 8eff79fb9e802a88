//! Encrypted connections, and the words where the two sides do not agree on them. `cargo xtask tls` runs these with the
//! feature; without it only what a plain program says is tested.

use guildhall_store::StoreError;
use guildhall_testkit::postgres::{Postgres, QUICK, Stop};

use crate::world::open;

/// A server that takes encrypted connections alone, if it is given a certificate, or at least no plain ones.
fn server(certificate: Option<(&str, &str)>) -> Postgres {
    let server = Postgres::start(QUICK);
    server.stop(Stop::Fast);
    if let Some((certificate, key)) = certificate {
        server.write("server.crt", certificate);
        server.write("server.key", key);
        server.configure(&["ssl=on"]);
    }
    let rules = "hostnossl all all 127.0.0.1/32 reject\nhostssl all all 127.0.0.1/32 trust\n";
    server.write("pg_hba.conf", rules);
    server.resume();
    server
}

fn refusal(url: &str) -> String {
    let error = open(url).err().expect("no connection");
    assert!(matches!(error, StoreError::Encryption { .. }), "{error}");
    assert!(!error.may_pass(), "nobody waits for it: {error}");
    format!("{error}. {}", error.next())
}

#[test]
fn a_plain_connection_to_a_server_that_wants_encrypted_ones_is_refused_in_plain_words() {
    let server = server(None);
    let words = refusal(&format!("{}?sslmode=disable", server.url()));
    for part in [
        "agree on encryption",
        "no encryption",
        "sslmode=verify-full",
        "postgres-tls",
    ] {
        assert!(words.contains(part), "{part}: {words}");
    }
}

#[cfg(not(feature = "postgres-tls"))]
#[test]
fn a_program_without_encryption_says_how_to_get_one_with_it() {
    let words = refusal("postgres://guildhall@127.0.0.1:1/world?sslmode=require");
    assert!(words.contains("--features postgres-tls"), "{words}");
}

#[cfg(feature = "postgres-tls")]
mod encrypted {
    use std::fs;
    use std::process::Command;

    use tempfile::TempDir;

    use super::*;

    /// Who signs certificates: `ca.crt` and `ca.key` in a folder.
    struct Authority(TempDir);

    impl Authority {
        fn new() -> Self {
            let authority = Self(tempfile::tempdir().unwrap());
            authority.openssl("-keyout ca.key -out ca.crt -subj /CN=Authority");
            authority
        }

        /// A certificate for this address, and its key.
        fn sign(&self, address: &str) -> (String, String) {
            let signed =
                "-CA ca.crt -CAkey ca.key -keyout server.key -out server.crt -subj /CN=server";
            self.openssl(&format!("{signed} -addext subjectAltName=IP:{address}"));
            let read = |name| fs::read_to_string(self.0.path().join(name)).unwrap();
            (read("server.crt"), read("server.key"))
        }

        fn openssl(&self, words: &str) {
            let mut openssl = Command::new("openssl");
            let new = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2";
            openssl.args(new.split(' ')).args(words.split(' '));
            let done = openssl.current_dir(self.0.path()).output().unwrap();
            let said = String::from_utf8_lossy(&done.stderr);
            assert!(done.status.success(), "{said}");
        }

        fn url(&self, server: &Postgres, mode: &str) -> String {
            let root = self.0.path().join("ca.crt");
            let root = root.display();
            format!("{}?sslmode={mode}&sslrootcert={root}", server.url())
        }
    }

    fn server_for(authority: &Authority, address: &str) -> Postgres {
        let (certificate, key) = authority.sign(address);
        server(Some((&certificate, &key)))
    }

    #[test]
    fn encrypted_connections_are_made_and_the_server_is_verified() {
        let authority = Authority::new();
        let server = server_for(&authority, "127.0.0.1");
        let plainly = format!("{}?sslmode=require", server.url());
        for url in [
            plainly,
            authority.url(&server, "verify-ca"),
            authority.url(&server, "verify-full"),
        ] {
            let database = open(&url).unwrap();
            database.lock_world(None).unwrap();
            let seen = "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
                 WHERE ssl AND application_name = 'guildhall'";
            assert_ne!(server.psql(seen), "0", "{url}");
        }
        refusal(&format!("{}?sslmode=disable", server.url()));
    }

    #[test]
    fn a_server_whose_certificate_somebody_else_signed_is_refused_in_plain_words() {
        let (authority, other) = (Authority::new(), Authority::new());
        let server = server_for(&authority, "127.0.0.1");
        for mode in ["verify-ca", "verify-full"] {
            let words = refusal(&other.url(&server, mode));
            assert!(words.contains("certificate verify failed"), "{words}");
            assert!(words.contains("who signed the server's"), "{words}");
        }
    }

    #[test]
    fn a_server_whose_certificate_is_for_another_address_is_refused_when_that_is_asked() {
        let authority = Authority::new();
        let server = server_for(&authority, "127.0.0.2");
        open(&authority.url(&server, "verify-ca")).unwrap();
        let words = refusal(&authority.url(&server, "verify-full"));
        assert!(words.contains("does not match host name"), "{words}");
    }

    #[test]
    fn a_server_that_offers_no_encryption_is_refused_where_it_is_wanted() {
        let server = Postgres::start(QUICK);
        let words = refusal(&format!("{}?sslmode=require", server.url()));
        assert!(words.contains("does not support SSL"), "{words}");
    }
}
