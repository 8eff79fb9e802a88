//! Universal VTT files: any answer, and of a good file a summary within the limits.

use guildhall_rules::board_format::{BoardFormat, FormatLimits, Summary};
use guildhall_rules::universal_vtt::UniversalVtt;

pub fn hold(bytes: &[u8]) {
    let limits = FormatLimits::default();
    let Ok(checked) = UniversalVtt.check(bytes, &limits) else {
        return;
    };
    assert!(checked.open.is_none(), "it hides nothing");
    let map = match checked.summary {
        Summary::Map(map) => Some(map),
        _ => None,
    };
    assert!(map.is_some(), "it is a map");
    let cells = limits.map_cells_per_side_min..=limits.map_cells_per_side_max;
    assert!(map.is_some_and(|map| {
        let (width, height) = map.map_cells;
        let (across, down) = map.image_px;
        cells.contains(&width)
            && cells.contains(&height)
            && across.max(down) <= limits.image_px_per_side_max
            && map.points <= limits.points_max
            && map.walls <= limits.walls_max
    }));
}
