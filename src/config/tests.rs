//! What a mistake in the configuration looks like to the operator.

use super::*;

fn load(text: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("guildhall.toml");
    std::fs::write(&path, text).unwrap();
    let variables = variables
        .iter()
        .map(|(k, v)| ((*k).to_string(), (*v).to_string()));
    Config::load(Some(&path), variables)
}

#[test]
fn the_environment_overrides_the_file_and_the_file_overrides_the_defaults() {
    let config = load(
        "listen = \"127.0.0.1:1\"\nadmin_listen = \"127.0.0.1:2\"\n",
        &[
            ("GUILDHALL_LISTEN", "127.0.0.1:3"),
            ("GUILDHALL_LIMITS__STATE_BYTES_MAX", "1000"),
        ],
    )
    .unwrap();
    assert_eq!(config.listen.port(), 3);
    assert_eq!(config.admin_listen.port(), 2);
    assert_eq!(config.limits.state_bytes_max, 1000);
    assert_eq!(config.workers, Config::default().workers);
}

#[test]
fn an_unknown_key_is_an_error_that_names_its_line() {
    let error = load("workers = 1\n\nlissten = \"127.0.0.1:1\"\n", &[]).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("line 3"), "{text}");
    assert!(text.contains("lissten"), "{text}");
}

#[test]
fn an_unknown_key_in_a_table_names_its_line() {
    let text = load("[limits]\nstate_bites_max = 1\n", &[])
        .unwrap_err()
        .to_string();
    assert!(text.contains("line 2"), "{text}");
}

#[test]
fn an_unknown_or_wrong_variable_is_named() {
    let text = load("", &[("GUILDHALL_LISSTEN", "x")])
        .unwrap_err()
        .to_string();
    assert!(text.contains("GUILDHALL_LISSTEN"), "{text}");
    let text = load("", &[("GUILDHALL_WORKERS", "many")])
        .unwrap_err()
        .to_string();
    assert!(text.contains("GUILDHALL_WORKERS"), "{text}");
}

#[test]
fn limits_that_contradict_each_other_are_refused() {
    let error = load("[limits]\nmessage_bytes_max = 10\n", &[]).unwrap_err();
    assert!(matches!(error, ConfigError::Limits(_)), "{error}");
}

#[test]
fn only_exact_origins_pass() {
    let mut config = Config::default();
    let here = config.listen;
    assert!(config.allows_origin("http://127.0.0.1:7400", here));
    assert!(config.allows_origin("http://localhost:7400", here));
    assert!(!config.allows_origin("http://127.0.0.1:7401", here));
    assert!(!config.allows_origin("null", here));
    config.origins = vec!["https://play.example".into()];
    assert!(config.allows_origin("https://play.example", here));
    assert!(!config.allows_origin("https://play.example.evil", here));
    assert!(!config.allows_origin("http://127.0.0.1:7400", here));
}
