//! The probe's two people: accounts, sign-in, both ways to connect, and a campaign that they share.

use guildhall_client::{Account, Client, Connection, Credential, Events, HttpClient};
use guildhall_protocol::Role;
use uuid::Uuid;

use super::walk::{Fault, Stopped, Walk, equal};
use crate::auth::secrets::Secret;

/// Somebody who is signed in and connected.
pub(super) struct Person {
    pub(super) account: Account,
    pub(super) client: Client,
    pub(super) events: Events,
}

/// The two who walk.
pub(super) struct Party {
    pub(super) gm: Person,
    pub(super) player: Person,
}

struct SignIn {
    login: String,
    password: String,
}

impl SignIn {
    fn new(role: &str) -> Result<Self, Fault> {
        Ok(Self {
            login: format!("probe-{role}-{}", unique()),
            password: Secret::token()?.reveal(),
        })
    }

    async fn sign_up(&self, http: &HttpClient) -> Result<(), Fault> {
        let made = http.sign_up(&self.login, &self.password).await?;
        equal("the login", &made.login, &self.login)
    }

    async fn sign_in(&self, http: &HttpClient) -> Result<Account, Fault> {
        let device = Some("probe");
        Ok(http.sign_in(&self.login, &self.password, device).await?)
    }
}

/// Twelve hexadecimal digits that no earlier run has used, by the random end of a fresh id.
pub(super) fn unique() -> String {
    format!("{:012x}", Uuid::now_v7().as_u128() & 0xffff_ffff_ffff)
}

/// Makes both accounts and connects them, one by its token and one by a ticket.
pub(super) async fn arrive(walk: &mut Walk<'_>, http: &HttpClient) -> Result<Party, Stopped> {
    let (gm, player) = walk
        .step("two accounts are made", async {
            let (gm, player) = (SignIn::new("gm")?, SignIn::new("player")?);
            gm.sign_up(http).await?;
            player.sign_up(http).await?;
            Ok((gm, player))
        })
        .await?;
    let (gm, player) = walk
        .step("both sign in", async {
            Ok((gm.sign_in(http).await?, player.sign_in(http).await?))
        })
        .await?;
    let gm = walk
        .step("the GM connects by bearer token", async {
            let connection = gm.connection();
            connect(gm, connection).await
        })
        .await?;
    let player = walk
        .step("the player connects by socket ticket", async {
            let ticket = player.socket_ticket().await?.ticket;
            let connection = Connection::new(http.clone(), Credential::Ticket(ticket));
            connect(player, connection).await
        })
        .await?;
    Ok(Party { gm, player })
}

async fn connect(account: Account, connection: Connection) -> Result<Person, Fault> {
    let (client, events) = connection.build("guildhall probe").open().await?;
    equal("the account", &client.welcome().account, &account.id())?;
    Ok(Person {
        account,
        client,
        events,
    })
}

/// The GM makes a campaign and the player joins it by invite.
pub(super) async fn gather(walk: &mut Walk<'_>, party: &Party) -> Result<Uuid, Stopped> {
    let (gm, player) = (&party.gm.client, &party.player.client);
    let campaign = walk
        .step("the GM creates a campaign", async {
            let campaign = gm.create_campaign("Probe campaign").await?;
            equal("the role", &campaign.role, &Role::Gm)?;
            Ok(campaign.campaign)
        })
        .await?;
    let code = walk
        .step("the GM invites a player", async {
            Ok(gm.invite(campaign, Role::Player).await?)
        })
        .await?;
    walk.step("the player joins by the invite code", async {
        let joined = player.join_campaign(&code).await?;
        equal("the campaign", &joined.campaign, &campaign)?;
        equal("the role", &joined.role, &Role::Player)
    })
    .await?;
    walk.step("both are members and online", async {
        let members = player.members(campaign).await?;
        let online = members.iter().filter(|member| member.online).count();
        equal(
            "members and of them online",
            &(members.len(), online),
            &(2, 2),
        )
    })
    .await?;
    Ok(campaign)
}
