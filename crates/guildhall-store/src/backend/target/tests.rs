//! What a URL says, and what is never repeated of it.

use super::*;

#[test]
fn both_schemes_are_known_and_nothing_else_is() {
    let file = Target::parse("sqlite:///srv/world.sqlite3").unwrap();
    assert_eq!(file, Target::Sqlite(PathBuf::from("/srv/world.sqlite3")));
    for url in ["postgres://a@h/w", "postgresql://a@h/w"] {
        assert_eq!(
            Target::parse(url).unwrap(),
            Target::Postgres(url.to_owned())
        );
    }
    for url in [
        "",
        "world.sqlite3",
        "mysql://h/w",
        "sqlite://",
        "Postgres://h/w",
    ] {
        let refused = Target::parse(url).unwrap_err();
        assert!(
            matches!(refused, StoreError::BadUrl { .. }),
            "{url}: {refused}"
        );
    }
}

fn all_that_is_shown(url: &str) -> String {
    match Target::parse(url) {
        Ok(target) => format!("{target} {target:?}"),
        Err(error) => format!("{error} {error:?}"),
    }
}

#[test]
fn a_password_is_never_shown() {
    let clear = [
        "postgres://gm:s3cret@host:5432/world",
        "postgres://gm:s3cret@one:5432,[::1]:5433/world?sslmode=require",
        "postgres://gm:s3c%40r%2Fe%3Ft@host/world",
        "postgres://gm:s3c#r:et@host/world",
        "postgres://gm@host/world?password=s3cret",
        "postgres://gm@%2Frun%2Fpostgresql/world?password=s3c@ret",
    ];
    for url in clear {
        assert!(Target::parse(url).is_ok(), "{url}");
        let shown = all_that_is_shown(url);
        assert!(shown.contains("gm") && shown.contains("world"), "{shown}");
        assert!(!shown.contains("s3c"), "{shown}");
    }
}

#[test]
fn what_may_be_a_password_is_refused_with_how_to_write_it_and_not_repeated() {
    let unclear = [
        "postgres://gm:s3c@ret@host/world",
        "postgres://gm:s3c/ret@host/world",
        "postgres://gm:s3c?ret@host/world",
        "postgres://gm:123?s3c@host/world",
        "postgres://gm:123/s3c@host/world",
        "postgres://gm:s3c%ret@host/world",
        "postgres://gm:s3c%",
        "postgres://gm:s3c",
        "postgres://gm@host/world?password=s3c&s3cret",
        "postgres://gm@host/world?password=1&s3c=ret=",
    ];
    for url in unclear {
        let refused = Target::parse(url).unwrap_err();
        assert!(matches!(refused, StoreError::BadUrl { .. }), "{refused}");
        let shown = all_that_is_shown(url);
        assert!(shown.contains("write %"), "{shown}");
        assert!(!shown.contains("s3c") && !shown.contains("ret"), "{shown}");
    }
    for url in [
        "mysql://gm:s3cret@host/world",
        "gm:s3cret@host/world",
        "s3cret@",
    ] {
        let shown = all_that_is_shown(url);
        assert!(!shown.contains("s3c"), "{shown}");
    }
}

#[test]
fn what_the_client_of_postgresql_repeats_is_taken_out_of_its_words() {
    let url = "postgres://gm:s3c%40ret@host/world?options=-c%20a%3Dhidden&sslmode=require";
    for secret in ["s3c@ret", "s3c%40ret", "-c a=hidden"] {
        let words = without_secrets(url, &format!("could not take \"{secret}\" of gm"));
        assert_eq!(words, "could not take \"***\" of gm");
    }
    let words = without_secrets(url, "invalid URI query parameter: \"s3c\"");
    assert!(!words.contains("s3c"), "{words}");
    let plain = "database \"world\" does not exist";
    assert_eq!(without_secrets(url, plain), plain);
}
