//! link_death
