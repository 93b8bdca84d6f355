//! Our colours among those that Google has for events, of which each has a number and a name.

use starmesh_core::mirror::{Color, FoundColor};

/// The number of a colour: the one that looks most like it.
pub(crate) fn color_id(color: Color) -> &'static str {
    match color {
        Color::Purple => "3",
        Color::Pink => "4",
        Color::Yellow => "5",
        Color::Orange => "6",
        Color::Teal => "7",
        Color::Gray => "8",
        Color::Blue => "9",
        Color::Green => "10",
        Color::Red => "11",
    }
}

/// The colour with a number; `None` is the calendar's own.
pub(crate) fn found_color(id: Option<&str>) -> FoundColor {
    let Some(id) = id else { return FoundColor::Unset };
    Color::ALL.into_iter().find(|color| color_id(*color) == id).map_or(FoundColor::Other, FoundColor::Known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_color_has_a_number_of_its_own() {
        for color in Color::ALL {
            assert_eq!(found_color(Some(color_id(color))), FoundColor::Known(color));
        }
        assert_eq!(found_color(Some("1")), FoundColor::Other, "Lavender is none of ours");
        assert_eq!(found_color(None), FoundColor::Unset);
    }
}
