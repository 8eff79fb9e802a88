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
        }
    };
}
