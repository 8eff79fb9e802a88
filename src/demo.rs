//! The demo world of `guildhall dev`: two accounts, a campaign with a map, two characters, a guild with a
//! ship. Filled through the running server's own front door, so that it is made by the rules that hold for
//! everybody. Every step looks first whether it is done: a start after a crash finishes the work.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use guildhall_client::{Account, Client, ClientError, HttpClient};
use guildhall_protocol::{Code, Role};
use guildhall_rules::board_format::FORMAT_UNIVERSAL_VTT;
use serde_json::{Value, json};
use uuid::Uuid;

use sign_ins::{SignIn, SignIns};

mod sign_ins;
#[cfg(test)]
mod tests;

/// A small map with walls, doors and lights, in the Universal VTT format.
pub const TAVERN: &[u8] = include_bytes!("demo/tavern.dd2vtt");

/// Name of the file in the data directory that keeps the demo's sign-ins, readable by its owner only.
pub const SIGN_INS_FILE: &str = "demo-sign-ins.json";

const CAMPAIGN: &str = "Demo campaign";
const BOARD: &str = "The cave tavern";
const GM_CHARACTER: &str = "Mira the Innkeeper";
const PLAYER_CHARACTER: &str = "Tobin Saltmarsh";
const GUILD: &str = "Harbour Watch";

/// Why the demo world is not whole. `Display` is a sentence with what to do.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The file of the sign-ins.
    #[error("{path}: {cause}. Check the path and the rights of this user.")]
    File {
        /// Which.
        path: PathBuf,
        /// What the operating system said.
        cause: io::Error,
    },
    /// The file of the sign-ins is there and is something else.
    #[error(
        "{path} does not hold the demo's sign-ins: {cause}. Restore it, or choose another --data."
    )]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Where it goes wrong.
        cause: serde_json::Error,
    },
    /// The account is there with another password: the file was lost, or somebody took the login.
    #[error(
        "The account {login} has another password than {path} says. Restore that file, or start `guildhall serve`."
    )]
    Stranger {
        /// The account.
        login: String,
        /// The file of the sign-ins.
        path: PathBuf,
    },
    /// The server refused, or did not answer.
    #[error(
        "The demo world could not be filled: {0}. The next start goes on where this one stopped."
    )]
    Server(#[from] ClientError),
}

/// Makes the demo world behind the server at `public` whole; what is there already stays as it is. One
/// line `login / password` per account. A world that was filled once costs no request.
///
/// # Errors
/// [`DemoError`]; the next call goes on from there.
pub async fn fill(data: &Path, public: SocketAddr) -> Result<Vec<String>, DemoError> {
    let path = data.join(SIGN_INS_FILE);
    let mut sign_ins = SignIns::kept(&path)?;
    if !sign_ins.filled {
        let http = HttpClient::new(&format!("http://{}", reachable(public)))?;
        let gm = Guest::enter(&http, &sign_ins.gm, &path).await?;
        let player = Guest::enter(&http, &sign_ins.player, &path).await?;
        fill_world(&gm.client, &player.client).await?;
        gm.leave().await?;
        player.leave().await?;
        sign_ins.filled = true;
        sign_ins.keep(&path)?;
    }
    Ok(vec![sign_ins.gm.to_string(), sign_ins.player.to_string()])
}

/// A listener on every address is reached over loopback.
fn reachable(mut public: SocketAddr) -> SocketAddr {
    match public.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => public.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => public.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    public
}

/// One of the two, signed in and connected.
struct Guest {
    account: Account,
    client: Client,
}

impl Guest {
    /// Makes the account if need be.
    async fn enter(http: &HttpClient, sign_in: &SignIn, path: &Path) -> Result<Self, DemoError> {
        let SignIn { login, password } = sign_in;
        match http.sign_up(login, password).await {
            Err(error) if error.code() != Some(Code::LoginTaken) => return Err(error.into()),
            _ => {}
        }
        let account = http.sign_in(login, password, None).await;
        let account = account.map_err(|error| match error.code() {
            Some(Code::CredentialsWrong) => DemoError::Stranger {
                login: login.clone(),
                path: path.to_path_buf(),
            },
            _ => error.into(),
        })?;
        let (client, _) = account.connect().await?;
        Ok(Self { account, client })
    }

    async fn leave(self) -> Result<(), ClientError> {
        self.client.close().await;
        self.account.sign_out().await
    }
}

async fn fill_world(gm: &Client, player: &Client) -> Result<(), ClientError> {
    let campaign = campaign(gm).await?;
    admit(gm, player, campaign).await?;
    board(gm, campaign).await?;
    let innkeeper = json!({"class": "innkeeper", "hp": 14, "purse": ["keys", "12 silver"]});
    character(gm, GM_CHARACTER, innkeeper).await?;
    let sailor = json!({"class": "sailor", "hp": 22, "purse": ["rope", "flint"]});
    character(player, PLAYER_CHARACTER, sailor).await?;
    guild(gm).await
}

async fn campaign(gm: &Client) -> Result<Uuid, ClientError> {
    let campaigns = gm.campaigns().await?;
    let there = campaigns.into_iter().find(|there| there.name == CAMPAIGN);
    let campaign = match there {
        Some(campaign) => campaign,
        None => gm.create_campaign(CAMPAIGN).await?,
    };
    Ok(campaign.campaign)
}

async fn admit(gm: &Client, player: &Client, campaign: Uuid) -> Result<(), ClientError> {
    let joined = player.campaigns().await?;
    if !joined.iter().any(|joined| joined.campaign == campaign) {
        let code = gm.invite(campaign, Role::Player).await?;
        player.join_campaign(&code).await?;
    }
    Ok(())
}

async fn board(gm: &Client, campaign: Uuid) -> Result<(), ClientError> {
    let boards = gm.boards(campaign).await?;
    let board = match boards.into_iter().find(|there| there.name == BOARD) {
        Some(board) => board,
        None => {
            gm.create_board(campaign, BOARD, FORMAT_UNIVERSAL_VTT)
                .await?
        }
    };
    if board.head.is_none() {
        gm.open_board(board.board).await?;
        gm.upload_board(board.board, None, FORMAT_UNIVERSAL_VTT, TAVERN)
            .await?;
    }
    Ok(())
}

async fn character(client: &Client, name: &str, state: Value) -> Result<(), ClientError> {
    let characters = client.characters().await?;
    if !characters.iter().any(|there| there.name == name) {
        client.create_character(name, state).await?;
    }
    Ok(())
}

async fn guild(gm: &Client) -> Result<(), ClientError> {
    let guilds = gm.guilds().await?;
    let guild = match guilds.iter().find(|there| there.name == GUILD) {
        Some(there) => gm.guild(there.guild).await?,
        None => gm.create_guild(GUILD).await?.0,
    };
    let empty = guild
        .ship
        .state
        .as_object()
        .is_none_or(|state| state.is_empty());
    if empty {
        let ship = json!({"name": "The Patient Gull", "x": 12, "y": 7, "hull": 100});
        gm.save_ship(guild.guild, guild.ship.version, ship).await?;
    }
    Ok(())
}
