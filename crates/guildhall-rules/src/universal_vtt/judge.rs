//! Decides about every value of a map: ranges, counts, points against the grid. Knows where it is.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use crate::board_format::{Checked, FormatLimits, FormatRefusal, MapSummary, Summary};

use super::grid::Grid;
use super::image::{self, Image};
use super::note::{Note, Notes};
use super::schema::{Field, Need, Shape};
use super::{FIGURE_MAX, VERSIONS_KNOWN};

/// What a number means.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Figure {
    Format,
    OriginX,
    OriginY,
    Width,
    Height,
    PixelsPerGrid,
    X,
    Y,
    Plain,
}

/// What a list holds.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Walls,
    Line,
    Portals,
    Lights,
}

/// What is judged once an object is complete.
#[derive(Clone, Copy)]
pub(super) enum Done {
    Nothing,
    /// The pass that looks for the grid alone.
    Grid,
    Point,
    /// An object that the format does not know.
    Unknown,
}

/// One step of a JSON path.
pub(super) enum Step {
    Key(Cow<'static, str>),
    Index(usize),
}

/// The refusal is in the judge; this is what serde is told.
#[derive(Debug)]
pub(super) struct Stop;

impl std::fmt::Display for Stop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("refused")
    }
}

/// The state of judging one map.
pub(super) struct Judge<'l> {
    limits: &'l FormatLimits,
    path: Vec<Step>,
    refusal: Option<FormatRefusal>,
    notes: Notes,
    format: f64,
    grid: Grid,
    point: (f64, f64),
    walls: usize,
    points: usize,
    portals: usize,
    lights: usize,
    image: Option<Image>,
}

impl<'l> Judge<'l> {
    /// Points are judged against this grid; the pass that looks for it starts with none.
    pub(super) fn new(limits: &'l FormatLimits, grid: Grid) -> Self {
        Self {
            limits,
            path: Vec::new(),
            refusal: None,
            notes: Notes::default(),
            format: 0.3,
            grid,
            point: (0.0, 0.0),
            walls: 0,
            points: 0,
            portals: 0,
            lights: 0,
            image: None,
        }
    }

    pub(super) fn grid(&self) -> Grid {
        self.grid
    }

    /// What was found, once everything was read.
    pub(super) fn into_checked(self) -> Result<Checked, FormatRefusal> {
        let image = self.image.ok_or_else(image::missing)?;
        let summary = Summary::Map(MapSummary {
            format: self.format,
            map_cells: self.grid.size,
            pixels_per_grid: self.grid.pixels_per_grid,
            image_px: image.px,
            image_type: image.kind.as_str(),
            walls: self.walls,
            points: self.points,
            portals: self.portals,
            lights: self.lights,
        });
        Ok(Checked {
            warnings: self.notes.into_warnings(),
            summary,
            open: None,
        })
    }

    /// The refusal that stopped the reading, or else the reader's own, at the place where it stopped.
    pub(super) fn refusal(&mut self, own: impl FnOnce() -> FormatRefusal) -> FormatRefusal {
        self.refusal.take().unwrap_or_else(|| FormatRefusal {
            path: Some(place(&self.path)),
            ..own()
        })
    }

    fn refuse(&mut self, rule: &'static str, sentence: String) -> Stop {
        self.refuse_with(FormatRefusal::new(rule, sentence))
    }

    fn refuse_with(&mut self, refusal: FormatRefusal) -> Stop {
        let path = Some(self.place());
        self.refusal = Some(FormatRefusal { path, ..refusal });
        Stop
    }

    pub(super) fn note(&mut self, note: Note) {
        let path = &self.path;
        self.notes.add(note, || place(path));
    }

    // Where the reading is.

    /// Steps into a list or an object.
    pub(super) fn descend(&mut self, step: Step) -> Result<(), Stop> {
        self.path.push(step);
        let max = self.limits.nesting_max;
        if self.path.len() > max {
            return Err(self.refuse(
                "map.too_deep",
                format!("The map is nested more than {max} deep."),
            ));
        }
        Ok(())
    }

    /// On to the next element.
    pub(super) fn sidestep(&mut self, step: Step) {
        self.path.pop();
        self.path.push(step);
    }

    pub(super) fn ascend(&mut self) {
        self.path.pop();
    }

    fn place(&self) -> String {
        place(&self.path)
    }

    // What the reading found.

    pub(super) fn wrong_type(&mut self, expected: &str, found: &str) -> Stop {
        self.refuse(
            "map.field_type",
            format!("Here must be {expected}, not {found}."),
        )
    }

    pub(super) fn duplicate(&mut self) -> Stop {
        self.refuse(
            "map.duplicate_key",
            "This key is in its object twice.".to_owned(),
        )
    }

    pub(super) fn missing(&mut self, field: &Field) -> Result<(), Stop> {
        self.path.push(Step::Key(field.key.into()));
        match field.need {
            Need::Required => {
                let sentence = format!("The map has no {:?} here.", field.key);
                return Err(self.refuse("map.field_missing", sentence));
            }
            Need::Expected => self.note(Note::FieldMissing),
            Need::Optional => {}
        }
        self.path.pop();
        Ok(())
    }

    /// A field that the object does not list: how it is read.
    pub(super) fn unknown_field(&mut self, within: Done) -> &'static Shape {
        match within {
            Done::Grid => return &Shape::Skipped,
            Done::Nothing | Done::Point => self.note(Note::UnknownField),
            Done::Unknown => {}
        }
        &Shape::Unknown
    }

    pub(super) fn number(&mut self, figure: Figure, number: f64) -> Result<(), Stop> {
        if let Some((range, rule, what)) = self.range(figure)
            && !range.contains(&number)
        {
            let (min, max) = range.into_inner();
            let sentence = format!("{what} must be from {min:?} to {max:?}, not {number:?}.");
            return Err(self.refuse(rule, sentence));
        }
        if figure == Figure::Format && !VERSIONS_KNOWN.contains(&number) {
            self.note(Note::FormatVersion);
        }
        self.keep(figure, number);
        Ok(())
    }

    /// What the number may be. A point's are judged together once both are known.
    fn range(&self, figure: Figure) -> Option<(RangeInclusive<f64>, &'static str, &'static str)> {
        let limits = self.limits;
        let origin = limits.map_origin_cells_max;
        let row = match figure {
            Figure::Format | Figure::X | Figure::Y => return None,
            Figure::OriginX | Figure::OriginY => (
                -origin..=origin,
                "map.origin_range",
                "The map's origin, in cells,",
            ),
            Figure::Width | Figure::Height => (
                limits.map_cells_per_side_min..=limits.map_cells_per_side_max,
                "map.size_range",
                "A side of the map, in cells,",
            ),
            Figure::PixelsPerGrid => (
                limits.pixels_per_grid_min..=limits.pixels_per_grid_max,
                "map.pixels_per_grid_range",
                "The pixels of a cell",
            ),
            Figure::Plain => (-FIGURE_MAX..=FIGURE_MAX, "map.number_range", "This number"),
        };
        Some(row)
    }

    fn keep(&mut self, figure: Figure, number: f64) {
        let slot = match figure {
            Figure::Format => &mut self.format,
            Figure::OriginX => &mut self.grid.origin.0,
            Figure::OriginY => &mut self.grid.origin.1,
            Figure::Width => &mut self.grid.size.0,
            Figure::Height => &mut self.grid.size.1,
            Figure::PixelsPerGrid => &mut self.grid.pixels_per_grid,
            Figure::X => &mut self.point.0,
            Figure::Y => &mut self.point.1,
            Figure::Plain => return,
        };
        *slot = number;
    }

    pub(super) fn colour(&mut self, text: &str) {
        let digits = text.strip_prefix('#').unwrap_or(text);
        let hex = digits.bytes().all(|b| b.is_ascii_hexdigit());
        if !hex || !matches!(digits.len(), 6 | 8) {
            self.note(Note::Colour);
        }
    }

    pub(super) fn image(&mut self, text: &str) -> Result<(), Stop> {
        let checked = image::check(text, &self.grid, self.limits);
        let image = checked.map_err(|refusal| self.refuse_with(refusal))?;
        image.notes.iter().for_each(|&note| self.note(note));
        self.image = Some(image);
        Ok(())
    }

    /// One more element of a list, before it is read.
    pub(super) fn element(&mut self, kind: Kind) -> Result<(), Stop> {
        let limits = self.limits;
        match kind {
            Kind::Walls => self.walls += 1,
            Kind::Portals => self.portals += 1,
            Kind::Lights => self.lights += 1,
            Kind::Line => {}
        }
        self.at_most(self.walls, limits.walls_max, "walls")?;
        self.at_most(self.portals, limits.portals_max, "portals")?;
        self.at_most(self.lights, limits.lights_max, "lights")
    }

    fn at_most(&mut self, count: usize, max: usize, what: &str) -> Result<(), Stop> {
        if count > max {
            return Err(self.refuse("map.too_many", format!("A map has at most {max} {what}.")));
        }
        Ok(())
    }

    pub(super) fn list_done(&mut self, kind: Kind, count: usize) {
        if matches!(kind, Kind::Line) && count < 2 {
            self.note(Note::ShortLine);
        }
    }

    pub(super) fn object_done(&mut self, done: Done) -> Result<(), Stop> {
        let Done::Point = done else { return Ok(()) };
        self.points += 1;
        self.at_most(self.points, self.limits.points_max, "points")?;
        let distance = self.grid.distance(self.point);
        let max = self.limits.outside_cells_max;
        if distance > max {
            let sentence = format!(
                "The point lies {distance:?} cells outside the map; at most {max} are taken."
            );
            return Err(self.refuse("map.point_outside", sentence));
        }
        if distance > 0.0 {
            self.note(Note::PointOutside);
        }
        Ok(())
    }
}

fn place(path: &[Step]) -> String {
    let step = |step: &Step| match step {
        Step::Key(key) => format!(".{key}"),
        Step::Index(index) => format!("[{index}]"),
    };
    path.iter()
        .fold("$".to_owned(), |place, next| place + &step(next))
}
