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

#[test]
fn a_password_is_never_shown() {
    let urls = [
        "postgres://gm:s3cret@host:5432/world",
        "postgres://gm:s3c@ret@host/world",
        "postgres://gm@host/world?password=s3cret",
        "mysql://gm:s3cret@host/world",
    ];
    for url in urls {
        let shown = match Target::parse(url) {
            Ok(target) => format!("{target} {target:?}"),
            Err(error) => error.to_string(),
        };
        assert!(!shown.contains("s3c"), "{shown}");
        assert!(shown.contains("gm"), "{shown}");
    }
}
