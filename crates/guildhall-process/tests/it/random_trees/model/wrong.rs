//! Rules that are wrong on purpose, to see that a difference is found.

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    TransientRestartsOnNormal,
    IntensityOneMore,
    StopsInStartOrder,
    LinkedKillKills,
    UnlinkLeavesTheOtherSide,
    SecondMonitorIsTheFirst,
    RestForOneTakesAll,
    SiblingsOfTheTemporaryDeadReturn,
    DynamicIntensityOneMore,
    DynamicRestartsTheStopped,
    DynamicStopsOnlyTheFirst,
}

impl Wrong {
    pub const ALL: [Self; 11] = [
        Self::TransientRestartsOnNormal,
        Self::IntensityOneMore,
        Self::StopsInStartOrder,
        Self::LinkedKillKills,
        Self::UnlinkLeavesTheOtherSide,
        Self::SecondMonitorIsTheFirst,
        Self::RestForOneTakesAll,
        Self::SiblingsOfTheTemporaryDeadReturn,
        Self::DynamicIntensityOneMore,
        Self::DynamicRestartsTheStopped,
        Self::DynamicStopsOnlyTheFirst,
    ];
}
