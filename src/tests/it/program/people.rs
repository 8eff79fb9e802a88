//! `guildhall who|kick|ban|bans|unban`, as the person at the keyboard sees them.

use guildhall_client::ClientError;
use guildhall_protocol::Code;

use super::{Folder, Running, outcome, says};

#[tokio::test]
async fn people_are_shown_kicked_banned_and_let_in_again_by_commands() {
    let folder = Folder::new();
    let mut serve = folder.serve();
    serve.arg("--admin-writes");
    let running = Running::start(serve);
    let give = |words: &[&str]| {
        let mut command = folder.program();
        command.args(words).args(["--admin", &running.admin_url]);
        command.arg("--data").arg(folder.world());
        outcome(command)
    };
    let account = running.account("anna").await;
    let id = account.id().to_string();
    let (client, _events) = account.connect().await.unwrap();
    let session = client.welcome().session.to_string();
    let (status, said) = give(&["who", "--account", &id]);
    assert_eq!(status, Some(0), "{said}");
    says(&said, &[&session, "anna", "Sessions here: 1."]);

    let reason = ["--reason", "it came to blows"];
    let kick = ["kick", "--session", &session];
    let (status, said) = give(&[&kick[..], &reason].concat());
    assert_eq!(status, Some(0), "{said}");
    says(&said, &["Sessions ended: 1."]);
    let ended = client.ended().await;
    assert!(
        matches!(ended, ClientError::Closed { code: 4007, .. }),
        "{ended:?}"
    );
    let kick = ["kick", "--account", &id];
    let (status, said) = give(&[&kick[..], &reason].concat());
    assert_eq!(status, Some(1), "nobody is here: {said}");
    says(&said, &["cannot kick", "not_found"]);
    assert_eq!(give(&["kick", "--reason", "whom"]).0, Some(2));

    let ban = ["ban", &id, "--for", "7d"];
    let (status, said) = give(&[&ban[..], &reason].concat());
    assert_eq!(status, Some(0), "{said}");
    says(&said, &["is banned until 20"]);
    says(
        &give(&["bans"]).1,
        &[&id, "it came to blows", "Accounts banned: 1."],
    );
    let refused = account.connect().await.map(drop).unwrap_err();
    assert_eq!(refused.code(), Some(Code::Banned));
    says(&refused.to_string(), &["it came to blows"]);
    assert_eq!(give(&["unban", &id]).0, Some(0));
    account.connect().await.unwrap();
    let (status, said) = give(&["unban", &id]);
    assert_eq!(status, Some(1), "{said}");
    says(&said, &["cannot lift a ban", "is not banned"]);
    says(&give(&["bans"]).1, &["Accounts banned: 0."]);
    let log = running.stop("-TERM");
    says(&log, &["kicked", "it came to blows"]);
}
