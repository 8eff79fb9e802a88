//! Four accounts that share a campaign and a guild: made once, before the first kill.

use guildhall_client::{Account, Client, HttpClient};
use guildhall_protocol::Role;
use uuid::Uuid;

use crate::ledger::{Content, Kind, Log};

const HANDS: usize = 4;
const PASSWORD: &str = "correct horse battery";

/// One account, known by what outlives a connection.
#[derive(Clone)]
pub struct Sailor {
    pub account: Uuid,
    pub token: String,
    /// A board that only this sailor uploads to.
    pub board: Uuid,
}

pub struct Crew {
    pub sailors: Vec<Sailor>,
    pub guild: Uuid,
    /// A board that all upload to.
    pub shared_board: Uuid,
}

impl Sailor {
    pub fn account(&self, url: &str) -> Account {
        let http = HttpClient::new(url).unwrap();
        http.account(self.account, self.token.clone())
    }
}

impl Crew {
    /// Signs everybody up and makes what they share.
    pub async fn muster(url: &str, log: &Log) -> Self {
        let http = HttpClient::new(url).unwrap();
        let mut hands = Vec::new();
        for n in 0..HANDS {
            let login = format!("sailor-{n}");
            http.sign_up(&login, PASSWORD).await.unwrap();
            let account = http.sign_in(&login, PASSWORD, None).await.unwrap();
            let (client, _) = account.connect().await.unwrap();
            hands.push((account, client));
        }
        let captain = hands[0].1.clone();
        let campaign = captain.create_campaign("Chaos").await.unwrap().campaign;
        let (guild, _) = captain.create_guild("Drowned Rats").await.unwrap();
        let ship = Content::of_state(guild.ship.version, &guild.ship.state);
        log.sent(Kind::Ship.thing(guild.guild), &ship);
        log.acked(Kind::Ship.thing(guild.guild), &ship);
        let code = guild.invite_code.unwrap();
        for (_, hand) in &hands[1..] {
            hand.join_guild(&code).await.unwrap();
            let gm = captain.invite(campaign, Role::Gm).await.unwrap();
            hand.join_campaign(&gm).await.unwrap();
        }
        let shared_board = board(&captain, campaign, "Everybody's").await;
        let mut sailors = Vec::new();
        for (account, client) in hands {
            sailors.push(Sailor {
                account: account.id(),
                token: account.token().to_owned(),
                board: board(&client, campaign, "One's own").await,
            });
        }
        Self {
            sailors,
            guild: guild.guild,
            shared_board,
        }
    }
}

async fn board(of: &Client, campaign: Uuid, name: &str) -> Uuid {
    let board = of.create_board(campaign, name, "opaque").await;
    board.unwrap().board
}
