//! Tests of `rights`: the tables, cell by cell.

use super::*;

/// Who of gm, player, spectator, stranger may do it.
const CAMPAIGN: [(CampaignAct, [bool; 4]); 6] = [
    (CampaignAct::Invite, [true, false, false, false]),
    (CampaignAct::CreateBoard, [true, false, false, false]),
    (CampaignAct::OpenBoard, [true, true, true, false]),
    (CampaignAct::UploadBoard, [true, false, false, false]),
    (CampaignAct::SeeSideRevisions, [true, false, false, false]),
    (CampaignAct::SeeMembers, [true, true, true, false]),
];

/// Who of gm, player, spectator, stranger may do it.
const BOARD: [(BoardAct, [bool; 4]); 11] = [
    (BoardAct::SeeHidden, [true, false, false, false]),
    (BoardAct::PlaceToken, [true, false, false, false]),
    (BoardAct::MoveAnyToken, [true, false, false, false]),
    (BoardAct::MoveOwnToken, [true, true, false, false]),
    (BoardAct::RemoveToken, [true, false, false, false]),
    (BoardAct::Reveal, [true, false, false, false]),
    (BoardAct::NameAnyToken, [true, false, false, false]),
    (BoardAct::NameOwnToken, [true, true, false, false]),
    (BoardAct::Label, [true, false, false, false]),
    (BoardAct::Roll, [true, true, false, false]),
    (BoardAct::RollInSecret, [true, false, false, false]),
];

/// Who of leader, officer, member, stranger may do it.
const GUILD: [(GuildAct, [bool; 4]); 7] = [
    (GuildAct::See, [true, true, true, false]),
    (GuildAct::Invite, [true, true, false, false]),
    (GuildAct::SaveShip, [true, true, true, false]),
    (GuildAct::Exchange, [true, true, true, false]),
    (GuildAct::SetRank, [true, false, false, false]),
    (GuildAct::Kick, [true, true, false, false]),
    (GuildAct::Disband, [true, false, false, false]),
];

#[test]
fn every_cell_of_the_campaign_table_is_as_written() {
    let holders = Role::ALL.into_iter().map(Some).chain([None]);
    let holders: Vec<_> = holders.collect();
    assert_eq!(CAMPAIGN.map(|(act, _)| act), CampaignAct::ALL);
    for (act, row) in CAMPAIGN {
        for (&holder, allowed) in holders.iter().zip(row) {
            assert_eq!(may(holder, act).is_ok(), allowed, "{holder:?} {act:?}");
        }
    }
}

#[test]
fn every_cell_of_the_board_table_is_as_written() {
    let holders = Role::ALL.into_iter().map(Some).chain([None]);
    let holders: Vec<_> = holders.collect();
    assert_eq!(BOARD.map(|(act, _)| act), BoardAct::ALL);
    for (act, row) in BOARD {
        for (&holder, allowed) in holders.iter().zip(row) {
            let answer = may_on_board(holder, act);
            assert_eq!(answer.is_ok(), allowed, "{holder:?} {act:?}");
        }
    }
}

#[test]
fn every_cell_of_the_guild_table_is_as_written() {
    let holders = Rank::ALL.into_iter().map(Some).chain([None]);
    let holders: Vec<_> = holders.collect();
    assert_eq!(GUILD.map(|(act, _)| act), GuildAct::ALL);
    for (act, row) in GUILD {
        for (&holder, allowed) in holders.iter().zip(row) {
            let answer = may_in_guild(holder, act);
            assert_eq!(answer.is_ok(), allowed, "{holder:?} {act:?}");
        }
    }
}

/// Who of leader, officer, member, stranger may put out a leader, an officer, a member.
#[test]
fn one_puts_out_those_below_ones_own_rank() {
    let table = [
        (Some(Rank::Leader), [false, true, true]),
        (Some(Rank::Officer), [false, false, true]),
        (Some(Rank::Member), [false, false, false]),
        (None, [false, false, false]),
    ];
    for (rank, row) in table {
        for (target, allowed) in Rank::ALL.into_iter().zip(row) {
            assert_eq!(may_kick(rank, target).is_ok(), allowed, "{rank:?} {target}");
        }
    }
}

#[test]
fn a_denial_names_its_rule_and_what_one_is() {
    let denied = may(Some(Role::Player), CampaignAct::UploadBoard).unwrap_err();
    assert_eq!(denied.rule, "board.upload");
    assert!(denied.sentence.contains("you are player"), "{denied}");
    let denied = may(None, CampaignAct::OpenBoard).unwrap_err();
    assert_eq!(denied.rule, "board.open");
    assert!(denied.sentence.contains("Only members"), "{denied}");
}

#[test]
fn rules_are_unique() {
    let campaign = CampaignAct::ALL.map(|act| act.row().0);
    let guild = GuildAct::ALL.map(|act| act.row().0);
    let board = BoardAct::ALL.map(|act| act.row().0);
    let all = campaign.iter().chain(&guild).chain(&board);
    let rules: std::collections::HashSet<_> = all.collect();
    assert_eq!(rules.len(), campaign.len() + guild.len() + board.len());
}

#[test]
fn roles_and_ranks_have_one_spelling_everywhere() {
    for role in Role::ALL {
        assert_eq!(role.as_str().parse(), Ok(role));
        let json = serde_json::to_string(&role).unwrap();
        assert_eq!(json, format!("\"{role}\""));
    }
    for rank in Rank::ALL {
        assert_eq!(rank.as_str().parse(), Ok(rank));
        let json = serde_json::to_string(&rank).unwrap();
        assert_eq!(json, format!("\"{rank}\""));
    }
    assert!("GM".parse::<Role>().is_err());
    assert!("captain".parse::<Rank>().is_err());
}
