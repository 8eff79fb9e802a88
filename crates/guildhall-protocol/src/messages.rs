//! The one declaration that every message family is written in. It derives
//! the tagged JSON form and, from the same lines, the list of type names, so
//! that a message cannot be decodable and yet missing from the list.

macro_rules! messages {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $(
                $(#[$variant_meta:meta])*
                $wire:literal $variant:ident {
                    $($(#[$field_meta:meta])* $field:ident: $kind:ty),* $(,)?
                }
            )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(tag = "type")]
        pub enum $name {
            $(
                $(#[$variant_meta])*
                #[doc = concat!("\n\nWire type `", $wire, "`.")]
                #[serde(rename = $wire)]
                $variant { $($(#[$field_meta])* $field: $kind),* },
            )*
        }

        impl $name {
            /// Every wire type of this family, in the order of declaration.
            pub const TYPES: &'static [&'static str] = &[$($wire),*];

            /// The wire type of this message, `noun.verb`.
            pub const fn type_name(&self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => $wire,)*
                }
            }

            /// Reads the fields of the type `name` straight from the text of a frame, without a tree of values
            /// between; `None` when this family has no such type.
            pub(crate) fn read(name: &str, text: &str) -> Option<serde_json::Result<Self>> {
                match name {
                    $($wire => {
                        #[derive(serde::Deserialize)]
                        struct Fields { $($(#[$field_meta])* $field: $kind),* }
                        let read = |Fields { $($field),* }| Self::$variant { $($field),* };
                        Some($crate::frame::read(text).map(read))
                    })*
                    _ => None,
                }
            }
        }
    };
}
