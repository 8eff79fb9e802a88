//! Takes a document apart: the kinds and ranges of its values, its counts, its texts. Each level is read only
//! once the one above it was found good, so nothing is built of what is refused.

use std::ops::RangeInclusive;

use serde_json::value::RawValue;
use uuid::Uuid;

use super::node::{Node, Path};
use super::{Asset, BoardDocument, Document, Grid, Id, Layer, Media, ROTATION_MAX, Token};
use crate::board_format::{
    BoardFormat, FORMAT_BOARD, FormatLimits, FormatRefusal, Warning, check_size,
};
use crate::names::harmful_in_title;

/// Digits and hyphens of an id.
pub(super) const ID_CHARS: usize = 36;

/// The document, whose ids may be there twice or lead nowhere.
pub(super) fn read(
    bytes: &[u8],
    limits: &FormatLimits,
) -> Result<(Document, Unknown), FormatRefusal> {
    check_size(bytes, BoardDocument.bytes_max(limits))?;
    let text = std::str::from_utf8(bytes).map_err(not_utf8)?;
    let whole = serde_json::from_str::<&RawValue>(text).map_err(|error| not_json(&error))?;
    let (text_of_all, deepest) = (whole.get(), depth(whole.get()));
    if deepest > limits.nesting_max {
        let max = limits.nesting_max;
        let sentence = format!("The document is nested {deepest} deep; at most {max} is taken.");
        return Err(FormatRefusal::new("document.too_deep", sentence));
    }
    let mut reader = Reader {
        begins: text.as_ptr().addr(),
        limits,
        unknown: Unknown::default(),
    };
    let root = Node {
        text: text_of_all,
        path: &Path::Root,
    };
    let document = reader.document(root)?;
    Ok((document, reader.unknown))
}

fn not_utf8(error: std::str::Utf8Error) -> FormatRefusal {
    let at = error.valid_up_to();
    let sentence = format!("Byte {at} of the document is no UTF-8.");
    FormatRefusal::new("document.not_utf8", sentence)
}

fn not_json(error: &serde_json::Error) -> FormatRefusal {
    if error.is_eof() {
        let sentence = format!("The document ends too early, at line {}.", error.line());
        return FormatRefusal::new("document.truncated", sentence);
    }
    FormatRefusal::new(
        "document.not_json",
        format!("The document is no JSON: {error}."),
    )
}

/// How deep lists and objects lie in each other, of a text that is JSON.
fn depth(json: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut in_text, mut escaped) = (false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'{' | b'[' => {
                depth = depth.saturating_add(1);
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Fields that the format does not know: a misspelled `hidden` should not pass in silence.
#[derive(Default)]
pub(super) struct Unknown {
    count: usize,
    first: Option<String>,
}

impl Unknown {
    pub(super) fn into_warnings(self) -> Vec<Warning> {
        let warning = |first| Warning {
            code: "document.unknown_field",
            message: match self.count {
                1 => format!("A field is unknown; it is kept for GMs only ({first})."),
                n => format!("{n} fields are unknown; they are kept for GMs only (first {first})."),
            },
        };
        self.first.map(warning).into_iter().collect()
    }
}

struct Reader<'l> {
    /// Address of the document's first byte.
    begins: usize,
    limits: &'l FormatLimits,
    unknown: Unknown,
}

type Read<T> = Result<T, FormatRefusal>;

impl Reader<'_> {
    fn document(&mut self, node: Node<'_, '_>) -> Read<Document> {
        let [format, name, size, grid, layers, assets, tokens, _gm] = self.object(
            node,
            [
                "format", "name", "size", "grid", "layers", "assets", "tokens", "gm",
            ],
        )?;
        format.needed(&node, is_format)?;
        let limits = self.limits;
        Ok(Document {
            name: name.given(&node, |node| self.name(node))?,
            size: size.needed(&node, |node| self.size(node))?,
            grid: grid.given(&node, read_grid)?.unwrap_or_default(),
            layers: layers.needed(&node, |node| {
                self.list(node, limits.layers_max, Self::layer)
            })?,
            assets: assets
                .given(&node, |node| {
                    self.list(node, limits.assets_max, Self::asset)
                })?
                .unwrap_or_default(),
            tokens: tokens
                .given(&node, |node| {
                    self.list(node, limits.tokens_max, Self::token)
                })?
                .unwrap_or_default(),
        })
    }

    fn layer(&mut self, node: Node<'_, '_>) -> Read<Layer> {
        let [id, name, hidden, asset, at, size, _gm] =
            self.object(node, ["id", "name", "hidden", "asset", "at", "size", "gm"])?;
        Ok(Layer {
            id: id.needed(&node, |node| self.id(node))?,
            name: name.given(&node, |node| self.name(node))?,
            hidden: hidden.given(&node, |node| node.flag())?.unwrap_or(false),
            asset: asset.given(&node, |node| self.id(node))?,
            at: at.given(&node, |node| self.point(node))?,
            size: size.given(&node, |node| self.size(node))?,
        })
    }

    fn asset(&mut self, node: Node<'_, '_>) -> Read<Asset> {
        let [id, media, hash, _gm] = self.object(node, ["id", "media", "hash", "gm"])?;
        Ok(Asset {
            id: id.needed(&node, |node| self.id(node))?,
            media: media.needed(&node, read_media)?,
            hash: hash.needed(&node, read_hash)?,
        })
    }

    fn token(&mut self, node: Node<'_, '_>) -> Read<Token> {
        let [
            id,
            layer,
            at,
            name,
            asset,
            size,
            rotation,
            owners,
            hidden,
            _gm,
        ] = self.object(
            node,
            [
                "id", "layer", "at", "name", "asset", "size", "rotation", "owners", "hidden", "gm",
            ],
        )?;
        let owners_max = self.limits.owners_max;
        Ok(Token {
            id: id.needed(&node, |node| self.id(node))?,
            layer: layer.needed(&node, |node| self.id(node))?,
            at: at.needed(&node, |node| self.point(node))?,
            name: name.given(&node, |node| self.name(node))?,
            asset: asset.given(&node, |node| self.id(node))?,
            size: size.given(&node, |node| self.size(node))?,
            rotation: rotation.given(&node, |node| within(node, -ROTATION_MAX..=ROTATION_MAX))?,
            owners: owners
                .given(&node, |node| self.list(node, owners_max, Self::owner))?
                .unwrap_or_default(),
            hidden: hidden.given(&node, |node| node.flag())?.unwrap_or(false),
        })
    }

    fn object<'a, const N: usize>(
        &mut self,
        node: Node<'a, '_>,
        keys: [&'static str; N],
    ) -> Read<[super::node::Field<'a>; N]> {
        let fields = node.fields(keys)?;
        self.unknown.count = self.unknown.count.saturating_add(fields.unknown);
        if let Some(key) = fields.first_unknown {
            let place = || format!("{}.{key}", node.path);
            self.unknown.first.get_or_insert_with(place);
        }
        Ok(fields.known)
    }

    fn list<T>(
        &mut self,
        node: Node<'_, '_>,
        max: usize,
        read: impl Fn(&mut Self, Node<'_, '_>) -> Read<T>,
    ) -> Read<Vec<T>> {
        let elements = node.elements(max)?.into_iter().enumerate();
        let element = |(index, text)| {
            let path = Path::Index(node.path, index);
            read(self, Node { text, path: &path })
        };
        elements.map(element).collect()
    }

    /// Ids are written one way only, so that whoever compares texts compares ids.
    fn id(&mut self, node: Node<'_, '_>) -> Read<Id> {
        let text = node.string()?;
        let id = Uuid::try_parse(&text).ok();
        let id = id.filter(|id| node.text.len() == ID_CHARS + 2 && *text == id.to_string());
        let value = id.ok_or_else(|| {
            let sentence = "An id is a UUID in lower case, with hyphens.";
            node.refuse("document.id", sentence)
        })?;
        let begins = node.text.as_ptr().addr().saturating_sub(self.begins);
        let place = begins.saturating_add(1);
        Ok(Id { value, place })
    }

    fn owner(&mut self, node: Node<'_, '_>) -> Read<Uuid> {
        self.id(node).map(|id| id.value)
    }

    fn name(&mut self, node: Node<'_, '_>) -> Read<String> {
        let name = node.string()?;
        let max = self.limits.name_chars_max;
        if name.chars().count() > max || harmful_in_title(&name).is_some() {
            let sentence =
                format!("A name has at most {max} characters, and none that cannot be seen.");
            return Err(node.refuse("document.name", sentence));
        }
        Ok(name.into_owned())
    }

    fn point(&mut self, node: Node<'_, '_>) -> Read<[f64; 2]> {
        let far = self.limits.map_origin_cells_max;
        pair(node, -far..=far)
    }

    fn size(&mut self, node: Node<'_, '_>) -> Read<[f64; 2]> {
        let limits = self.limits;
        pair(
            node,
            limits.map_cells_per_side_min..=limits.map_cells_per_side_max,
        )
    }
}

fn pair(node: Node<'_, '_>, range: RangeInclusive<f64>) -> Read<[f64; 2]> {
    let [first, second] = <[&str; 2]>::try_from(node.elements(2)?)
        .map_err(|_| node.refuse("document.field_type", "Here must be two numbers."))?;
    let figure = |text, index, range| {
        let path = Path::Index(node.path, index);
        within(Node { text, path: &path }, range)
    };
    Ok([figure(first, 0, range.clone())?, figure(second, 1, range)?])
}

fn within(node: Node<'_, '_>, range: RangeInclusive<f64>) -> Read<f64> {
    let number = node.number()?;
    if range.contains(&number) {
        return Ok(number);
    }
    let sentence = format!("This number must be {} to {}.", range.start(), range.end());
    Err(node.refuse("document.number_range", sentence))
}

fn is_format(node: Node<'_, '_>) -> Read<()> {
    match &*node.string()? {
        FORMAT_BOARD => Ok(()),
        _ => Err(node.refuse(
            "document.format",
            format!("The format is {FORMAT_BOARD:?}."),
        )),
    }
}

fn read_grid(node: Node<'_, '_>) -> Read<Grid> {
    match &*node.string()? {
        "square" => Ok(Grid::Square),
        "hex_rows" => Ok(Grid::HexRows),
        "hex_columns" => Ok(Grid::HexColumns),
        "none" => Ok(Grid::None),
        _ => Err(node.refuse(
            "document.grid",
            "A grid is square, hex_rows, hex_columns or none.",
        )),
    }
}

fn read_media(node: Node<'_, '_>) -> Read<Media> {
    match &*node.string()? {
        "image/png" => Ok(Media::Png),
        "image/jpeg" => Ok(Media::Jpeg),
        "image/webp" => Ok(Media::Webp),
        _ => Err(node.refuse(
            "document.media",
            "An asset is image/png, image/jpeg or image/webp.",
        )),
    }
}

fn read_hash(node: Node<'_, '_>) -> Read<String> {
    let hash = node.string()?;
    let digits = hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if hash.len() == 64 && digits {
        return Ok(hash.into_owned());
    }
    let sentence = "A hash is BLAKE3 in 64 hex digits, in lower case.";
    Err(node.refuse("document.hash", sentence))
}
