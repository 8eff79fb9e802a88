//! What is odd about a map and accepted all the same: one warning per kind, with a count and one place.

use crate::board_format::Warning;

/// A kind of oddity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Note {
    ByteOrderMark,
    FormatVersion,
    FieldMissing,
    UnknownField,
    PointOutside,
    ShortLine,
    Colour,
    ImageEncoding,
    ImageSize,
}

impl Note {
    fn code(self) -> &'static str {
        match self {
            Note::ByteOrderMark => "map.byte_order_mark",
            Note::FormatVersion => "map.format_version",
            Note::FieldMissing => "map.field_missing",
            Note::UnknownField => "map.unknown_field",
            Note::PointOutside => "map.point_outside",
            Note::ShortLine => "map.short_line",
            Note::Colour => "map.colour",
            Note::ImageEncoding => "map.image_encoding",
            Note::ImageSize => "map.image_size",
        }
    }

    fn sentence(self) -> &'static str {
        match self {
            Note::ByteOrderMark => "The file starts with a byte order mark.",
            Note::FormatVersion => "The format version is none of those known; it was read as 0.3.",
            Note::FieldMissing => "A field that exporters write is missing; it was taken as empty.",
            Note::UnknownField => "A field is unknown; it is kept and not looked at.",
            Note::PointOutside => "A point lies a little outside the map.",
            Note::ShortLine => "A line has fewer than two points and shows nothing.",
            Note::Colour => "A colour is not written as six or eight hex digits.",
            Note::ImageEncoding => {
                "The image is no plain base64: a data URL, line breaks or missing padding."
            }
            Note::ImageSize => "The image is a few pixels off map size × pixels per grid.",
        }
    }
}

/// All oddities of one map.
#[derive(Debug, Default)]
pub(super) struct Notes(std::collections::BTreeMap<Note, (usize, String)>);

impl Notes {
    /// Counts one; `place` is asked for at the first of its kind only.
    pub(super) fn add(&mut self, note: Note, place: impl FnOnce() -> String) {
        let (count, _) = self.0.entry(note).or_insert_with(|| (0, place()));
        *count += 1;
    }

    pub(super) fn into_warnings(self) -> Vec<Warning> {
        let warning = |(note, (count, place)): (Note, (usize, String))| Warning {
            code: note.code(),
            message: match count {
                1 => format!("{} ({place})", note.sentence()),
                _ => format!("{} ({count} times, first {place})", note.sentence()),
            },
        };
        self.0.into_iter().map(warning).collect()
    }
}
