//! The format `universal-vtt`: a JSON document with a grid, walls, doors, lights and a base64 image.

use crate::board_format::{
    BoardFormat, Checked, FORMAT_UNIVERSAL_VTT, FormatLimits, FormatRefusal, Summary, check_size,
};

/// The built-in map format.
#[derive(Clone, Copy, Debug)]
pub struct UniversalVtt;

impl BoardFormat for UniversalVtt {
    fn name(&self) -> &'static str {
        FORMAT_UNIVERSAL_VTT
    }

    fn check(&self, bytes: &[u8], limits: &FormatLimits) -> Result<Checked, FormatRefusal> {
        let size_bytes = check_size(bytes, limits)?;
        Ok(Checked {
            warnings: Vec::new(),
            summary: Summary::Opaque { size_bytes },
        })
    }
}
