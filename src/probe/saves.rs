//! Characters, a guild and its ship: what is saved is there, a rename clash hurts nobody else, and a stale
//! save hears what is there instead.

use guildhall_client::{Client, Saved};
use guildhall_protocol::{CharacterView, Code, GuildView};
use serde_json::{Value, json};
use uuid::Uuid;

use super::people::{Party, unique};
use super::walk::{Fault, Stopped, Walk, durable, equal, refused};

#[cfg(test)]
mod tests;

/// From an ASCII letter or digit to its full-width twin.
const TO_FULL_WIDTH: u32 = 0xFEE0;

/// Creates and saves on both sides, then lets a rename clash with a save of the ship.
pub(super) async fn play(walk: &mut Walk<'_>, party: &Party) -> Result<(), Stopped> {
    let (gm, player) = (&party.gm.client, &party.player.client);
    let (captain, sailor) = walk
        .step("both create a character", async {
            Ok((
                create(gm, "Probe Captain").await?,
                create(player, "Probe Sailor").await?,
            ))
        })
        .await?;
    walk.step("both save their characters and read them back", async {
        tokio::try_join!(save(gm, &captain), save(player, &sailor)).map(drop)
    })
    .await?;
    let guild = walk
        .step(
            "the GM founds a guild with a ship, the player joins it",
            async { found(gm, player).await },
        )
        .await?;
    let ship = json!({"name": "The Probe", "x": 3, "y": -4, "hull": 97});
    let saved = walk
        .step(
            "a rename clash is refused while the ship becomes durable",
            async { clash(party, &captain, &sailor, &guild, &ship).await },
        )
        .await?;
    walk.step(
        "the player sees the ship as saved, and no name changed",
        async {
            let seen = player.guild(guild.guild).await?.ship;
            equal(
                "version and state of the ship",
                &(seen.version, seen.state),
                &(saved.version, ship.clone()),
            )?;
            let name = player.character(sailor.character).await?.name;
            equal("the name", &name, &sailor.name)
        },
    )
    .await?;
    walk.step("a stale save is refused with the present state", async {
        stale(gm, &guild, saved, &ship).await
    })
    .await
}

async fn create(client: &Client, title: &str) -> Result<CharacterView, Fault> {
    let name = format!("{title} {}", unique());
    let state = json!({"hp": 10, "purse": []});
    let (character, receipt) = client.create_character(&name, state).await?;
    durable(receipt)?;
    equal("the name", &character.name, &name)?;
    Ok(character)
}

async fn save(client: &Client, character: &CharacterView) -> Result<(), Fault> {
    let (id, state) = (
        character.character,
        json!({"hp": 7, "purse": ["rope", "flint"]}),
    );
    let saved = client
        .save_character(id, character.version, state.clone())
        .await?;
    durable(saved.receipt)?;
    let read = client.character(id).await?;
    let (came, expected) = ((read.version, read.state), (saved.version, state));
    equal("version and state", &came, &expected)
}

async fn found(gm: &Client, player: &Client) -> Result<GuildView, Fault> {
    let name = format!("Probe Guild {}", unique());
    let (guild, receipt) = gm.create_guild(&name).await?;
    durable(receipt)?;
    let code = guild.invite_code.as_deref();
    let code = code.ok_or_else(|| Fault::unmet("an invite code for the leader", "none"))?;
    let (joined, receipt) = player.join_guild(code).await?;
    durable(receipt)?;
    equal("the guild", &joined.guild, &guild.guild)?;
    equal("the members", &joined.members.len(), &2)?;
    Ok(guild)
}

/// At the same moment: the player wants the captain's name, the GM saves the ship.
async fn clash(
    party: &Party,
    captain: &CharacterView,
    sailor: &CharacterView,
    guild: &GuildView,
    ship: &Value,
) -> Result<Saved, Fault> {
    let taken = other_spelling(&captain.name);
    let (renamed, saved) = tokio::join!(
        party
            .player
            .client
            .rename_character(sailor.character, &taken),
        save_ship(&party.gm.client, guild.guild, guild.ship.version, ship),
    );
    refused(renamed, Code::NameTaken)?;
    saved
}

async fn save_ship(gm: &Client, guild: Uuid, base: u32, ship: &Value) -> Result<Saved, Fault> {
    let saved = gm.save_ship(guild, base, ship.clone()).await?;
    durable(saved.receipt)?;
    Ok(saved)
}

/// The same name to the server, in capitals and in full width.
fn other_spelling(name: &str) -> String {
    let widened = |c: char| char::from_u32(u32::from(c.to_ascii_uppercase()) + TO_FULL_WIDTH);
    name.chars()
        .map(|c| match c {
            c if c.is_ascii_alphanumeric() => widened(c).unwrap_or(c),
            c => c,
        })
        .collect()
}

/// Saves the ship from the version before the last one.
async fn stale(gm: &Client, guild: &GuildView, saved: Saved, ship: &Value) -> Result<(), Fault> {
    let wreck = json!({"name": "The Probe", "hull": 0});
    let outcome = gm.save_ship(guild.guild, guild.ship.version, wreck).await;
    let refusal = refused(outcome, Code::StaleVersion)?;
    let present = json!({"version": saved.version, "state": ship});
    equal("the detail", &refusal.detail.as_deref(), &Some(&present))
}
