//! The colour of a link's mirrors: configuration, and never anything of a source.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A colour by its CSS name, as iCalendar writes it (RFC 7986, 5.9). Few, so that each has a counterpart in every
/// calendar program.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub enum Color {
    /// Red.
    Red,
    /// Orange.
    Orange,
    /// Yellow.
    Yellow,
    /// Green.
    Green,
    /// Teal.
    Teal,
    /// Blue.
    Blue,
    /// Purple.
    Purple,
    /// Pink.
    Pink,
    /// Gray.
    Gray,
}

impl Color {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Red,
        Self::Orange,
        Self::Yellow,
        Self::Green,
        Self::Teal,
        Self::Blue,
        Self::Purple,
        Self::Pink,
        Self::Gray,
    ];

    /// Its CSS name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Red => "red",
            Self::Orange => "orange",
            Self::Yellow => "yellow",
            Self::Green => "green",
            Self::Teal => "teal",
            Self::Blue => "blue",
            Self::Purple => "purple",
            Self::Pink => "pink",
            Self::Gray => "gray",
        }
    }
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Not one of ours.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the colours are red, orange, yellow, green, teal, blue, purple, pink and gray")]
pub struct UnknownColor;

impl FromStr for Color {
    type Err = UnknownColor;

    fn from_str(text: &str) -> Result<Self, UnknownColor> {
        let text = text.trim();
        Self::ALL.into_iter().find(|color| color.name().eq_ignore_ascii_case(text)).ok_or(UnknownColor)
    }
}

/// The colour that a mirror is found with.
#[derive(Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum FoundColor {
    /// None, or its server keeps none.
    #[default]
    Unset,
    /// One of ours.
    Known(Color),
    /// One that we never write.
    Other,
}

impl FoundColor {
    /// The colour with this name.
    pub fn named(name: &str) -> Self {
        if name.trim().is_empty() { Self::Unset } else { name.parse().map_or(Self::Other, Self::Known) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_color_is_read_by_its_name_and_listed_where_one_is_not_known() {
        for color in Color::ALL {
            assert_eq!(color.to_string().to_uppercase().parse(), Ok(color));
            assert_eq!(FoundColor::named(color.name()), FoundColor::Known(color));
            assert!(UnknownColor.to_string().contains(color.name()), "{color}");
        }
        assert_eq!("tomato".parse::<Color>(), Err(UnknownColor));
        assert_eq!(
            (FoundColor::named(" "), FoundColor::named("tomato")),
            (FoundColor::Unset, FoundColor::Other)
        );
    }
}
