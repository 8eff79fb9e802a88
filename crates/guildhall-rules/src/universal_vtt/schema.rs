//! What a map document looks like, as data: `walk` follows it, `judge` decides about the leaves.

use super::judge::{Done, Figure, Kind};

/// What may stand at one place.
pub(super) enum Shape {
    /// An object with these fields. `Done` says what is judged once it is complete.
    Object(&'static [Field], Done),
    /// A list of such things.
    List(&'static Shape, Kind),
    Number(Figure),
    Flag,
    /// A colour in hex digits.
    Colour,
    /// The image in base64.
    Image,
    /// A field that the format does not know: anything of bounded depth with finite numbers.
    Unknown,
    /// Not looked at in this pass.
    Skipped,
}

/// One field of an object.
pub(super) struct Field {
    pub key: &'static str,
    pub need: Need,
    pub shape: &'static Shape,
}

/// What it means when a field is missing; `null` counts as missing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// The map is refused.
    Required,
    /// There is a warning.
    Expected,
    Optional,
}

use Need::{Expected, Optional, Required};

const fn field(key: &'static str, need: Need, shape: &'static Shape) -> Field {
    Field { key, need, shape }
}

/// The first pass: only the grid, wherever it stands in the document.
pub(super) static GRID_ONLY: Shape =
    Shape::Object(&[field("resolution", Required, &GRID)], Done::Grid);

/// The second pass: everything.
pub(super) static MAP: Shape = Shape::Object(
    &[
        field("format", Expected, &Shape::Number(Figure::Format)),
        field("resolution", Required, &GRID),
        field("line_of_sight", Expected, &WALLS),
        field("objects_line_of_sight", Expected, &WALLS),
        field("portals", Expected, &Shape::List(&PORTAL, Kind::Portals)),
        field("lights", Expected, &Shape::List(&LIGHT, Kind::Lights)),
        field("environment", Optional, &ENVIRONMENT),
        field("image", Required, &Shape::Image),
    ],
    Done::Nothing,
);

static GRID: Shape = Shape::Object(
    &[
        field("map_origin", Expected, &ORIGIN),
        field("map_size", Required, &SIZE),
        field(
            "pixels_per_grid",
            Required,
            &Shape::Number(Figure::PixelsPerGrid),
        ),
    ],
    Done::Nothing,
);

static ORIGIN: Shape = Shape::Object(
    &[
        field("x", Required, &Shape::Number(Figure::OriginX)),
        field("y", Required, &Shape::Number(Figure::OriginY)),
    ],
    Done::Nothing,
);

static SIZE: Shape = Shape::Object(
    &[
        field("x", Required, &Shape::Number(Figure::Width)),
        field("y", Required, &Shape::Number(Figure::Height)),
    ],
    Done::Nothing,
);

static POINT: Shape = Shape::Object(
    &[
        field("x", Required, &Shape::Number(Figure::X)),
        field("y", Required, &Shape::Number(Figure::Y)),
    ],
    Done::Point,
);

static WALLS: Shape = Shape::List(&LINE, Kind::Walls);

static LINE: Shape = Shape::List(&POINT, Kind::Line);

static PORTAL: Shape = Shape::Object(
    &[
        field("position", Expected, &POINT),
        field("bounds", Expected, &LINE),
        field("rotation", Optional, &Shape::Number(Figure::Plain)),
        field("closed", Optional, &Shape::Flag),
        field("freestanding", Optional, &Shape::Flag),
    ],
    Done::Nothing,
);

static LIGHT: Shape = Shape::Object(
    &[
        field("position", Required, &POINT),
        field("range", Expected, &Shape::Number(Figure::Plain)),
        field("intensity", Optional, &Shape::Number(Figure::Plain)),
        field("color", Optional, &Shape::Colour),
        field("shadows", Optional, &Shape::Flag),
    ],
    Done::Nothing,
);

static ENVIRONMENT: Shape = Shape::Object(
    &[
        field("baked_lighting", Optional, &Shape::Flag),
        field("ambient_light", Optional, &Shape::Colour),
    ],
    Done::Nothing,
);
