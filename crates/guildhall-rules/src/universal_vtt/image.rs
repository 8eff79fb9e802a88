//! The image of a map: base64, one of three kinds, whole, and of the size that the grid asks for.
//! Nothing is decompressed here; what a client would need for that is bounded by the header's figures.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use imagesize::ImageType;

use crate::board_format::{FormatLimits, FormatRefusal};

use super::grid::Grid;
use super::note::Note;
use super::{IMAGE_TOLERANCE_PX, IMAGE_TOLERANCE_SHARE};

mod whole;

/// The standard alphabet; padding may be missing, as some encoders leave it out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The kinds of image that every browser shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Png,
    Jpeg,
    Webp,
}

impl Kind {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Kind::Png => "png",
            Kind::Jpeg => "jpeg",
            Kind::Webp => "webp",
        }
    }
}

/// An image that passed.
#[derive(Debug)]
pub(super) struct Image {
    pub kind: Kind,
    pub px: (u32, u32),
    pub notes: Vec<Note>,
}

/// Checks the text of the `image` field against the grid.
pub(super) fn check(
    text: &str,
    grid: &Grid,
    limits: &FormatLimits,
) -> Result<Image, FormatRefusal> {
    let mut notes = Vec::new();
    let bytes = decode(text, limits, &mut notes)?;
    let kind = kind(&bytes)?;
    let px = size_px(&bytes, limits)?;
    if !whole::is_whole(kind, &bytes) {
        let sentence = format!("The image, a {}, breaks off before its end.", kind.as_str());
        return Err(FormatRefusal::new("map.image_truncated", sentence));
    }
    let off = (
        off_px(px.0, grid.size.0, grid),
        off_px(px.1, grid.size.1, grid),
    );
    if off.0.is_none() || off.1.is_none() {
        return Err(wrong_size(px, grid));
    }
    if off != (Some(false), Some(false)) {
        notes.push(Note::ImageSize);
    }
    Ok(Image { kind, px, notes })
}

/// The refusal of a map that brings no image.
pub(super) fn missing() -> FormatRefusal {
    FormatRefusal::new("map.image_missing", "The map brings no image.")
}

fn decode(
    text: &str,
    limits: &FormatLimits,
    notes: &mut Vec<Note>,
) -> Result<Vec<u8>, FormatRefusal> {
    let max = limits.image_bytes_max;
    let data = plain(text);
    if data.is_empty() {
        return Err(missing());
    }
    if !matches!(data, Cow::Borrowed(data) if data.len() == text.len() && data.len() % 4 == 0) {
        notes.push(Note::ImageEncoding);
    }
    // Four letters carry three bytes.
    if data.len() / 4 > max / 3 {
        let sentence = format!("The image has more than {max} bytes.");
        return Err(FormatRefusal::new("map.image_too_large", sentence));
    }
    BASE64.decode(data.as_bytes()).map_err(|error| {
        FormatRefusal::new(
            "map.image_not_base64",
            format!("The image is no base64: {error}."),
        )
    })
}

/// The base64 itself, without a data URL's head and without line breaks. Copied only to drop those.
fn plain(text: &str) -> Cow<'_, str> {
    let head = text
        .split_once(',')
        .filter(|(head, _)| head.starts_with("data:image/") && head.ends_with(";base64"));
    let data = head.map_or(text, |(_, data)| data);
    if data.bytes().any(|b| b.is_ascii_whitespace()) {
        data.split_ascii_whitespace().collect::<String>().into()
    } else {
        data.into()
    }
}

fn kind(bytes: &[u8]) -> Result<Kind, FormatRefusal> {
    match imagesize::image_type(bytes) {
        Ok(ImageType::Png) => Ok(Kind::Png),
        Ok(ImageType::Jpeg) => Ok(Kind::Jpeg),
        Ok(ImageType::Webp) => Ok(Kind::Webp),
        _ => Err(FormatRefusal::new(
            "map.image_unknown",
            "The image is no PNG, JPEG or WebP.",
        )),
    }
}

/// Width and height from the header, within the limits.
fn size_px(bytes: &[u8], limits: &FormatLimits) -> Result<(u32, u32), FormatRefusal> {
    let size = imagesize::blob_size(bytes).map_err(|_| {
        FormatRefusal::new(
            "map.image_truncated",
            "The image breaks off within its header.",
        )
    })?;
    let (side_max, all_max) = (limits.image_px_per_side_max, limits.image_px_max);
    let side = |px: usize| {
        u32::try_from(px)
            .ok()
            .filter(|px| (1..=side_max).contains(px))
    };
    let px = side(size.width).zip(side(size.height));
    px.filter(|&(width, height)| u64::from(width) * u64::from(height) <= all_max)
        .ok_or_else(|| {
            let sentence = format!(
                "The image has {} × {} pixels; a side has 1 to {side_max}, all of it at most {all_max}.",
                size.width, size.height
            );
            FormatRefusal::new("map.image_pixels", sentence)
        })
}

/// Is this side off its due length? `None` when by more than is tolerated.
fn off_px(px: u32, cells: f64, grid: &Grid) -> Option<bool> {
    let due = cells * grid.pixels_per_grid;
    let off = (f64::from(px) - due).abs();
    let tolerated = IMAGE_TOLERANCE_PX.max(due * IMAGE_TOLERANCE_SHARE);
    // Less than a pixel is no oddity: no image has half of one.
    (off <= tolerated).then_some(off >= 1.0)
}

fn wrong_size(px: (u32, u32), grid: &Grid) -> FormatRefusal {
    let due = |cells: f64| cells * grid.pixels_per_grid;
    let sentence = format!(
        "The image has {} × {} pixels, the grid asks for {:.0} × {:.0} ({} × {} cells of {} pixels).",
        px.0,
        px.1,
        due(grid.size.0),
        due(grid.size.1),
        grid.size.0,
        grid.size.1,
        grid.pixels_per_grid
    );
    FormatRefusal::new("map.image_size", sentence)
}
