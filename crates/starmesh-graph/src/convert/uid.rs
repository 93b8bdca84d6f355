//! The iCal UID that two servers share.
//!
//! Exchange writes the identity of a meeting as the hex digits of a structure ([MS-OXOCAL], 2.2.1.27,
//! `PidLidGlobalObjectId`) that also names the date of an occurrence: without it, all occurrences and
//! their series have one. A meeting that came from elsewhere has its own UID inside the structure.

/// The first 16 bytes of each such structure.
const MAGIC: &str = "040000008200E00074C5B7101A82E008";

/// Where the date of an occurrence stands, in hex digits: a year, a month and a day.
const DATE: std::ops::Range<usize> = 32..40;

/// Where the data starts, in hex digits: after a creation time, eight reserved bytes and a length.
const DATA: usize = 80;

/// What stands before a UID that came from elsewhere: `vCal-Uid`, a version of one.
const FOREIGN: &str = "7643616C2D55696401000000";

/// `uid` without the date of an occurrence, in the spelling that other servers use.
pub(super) fn normalise(uid: &str) -> String {
    let uid = uid.trim();
    let upper = uid.to_ascii_uppercase();
    let is_structure = upper.len() >= DATA
        && upper.len().is_multiple_of(2)
        && upper.starts_with(MAGIC)
        && upper.bytes().all(|digit| digit.is_ascii_hexdigit());
    if !is_structure {
        return uid.to_owned();
    }
    if let Some(inner) = upper[DATA..].strip_prefix(FOREIGN).and_then(text) {
        return inner;
    }
    format!("{}00000000{}", &upper[..DATE.start], &upper[DATE.end..])
}

/// The text that hex digits spell, up to a zero byte.
fn text(digits: &str) -> Option<String> {
    let bytes: Vec<u8> = (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok())
        .take_while(|byte| *byte != Some(0))
        .collect::<Option<_>>()?;
    String::from_utf8(bytes).ok().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERIES: &str = "040000008200E00074C5B7101A82E00800000000C0E0B6A3F1D5DA01000000000000000010000000\
        5B5F2C1D9A3E4F40B1C2D3E4F5061728";

    #[test]
    fn an_occurrence_has_the_uid_of_its_series() {
        let occurrence = SERIES.replacen("E00800000000", "E00807EA0B03", 1);
        assert_ne!(occurrence, SERIES);
        assert_eq!(normalise(&occurrence), SERIES);
        assert_eq!(normalise(&format!(" {} ", SERIES.to_ascii_lowercase())), SERIES);
    }

    #[test]
    fn a_meeting_from_elsewhere_keeps_its_own_uid() {
        let inner: String = b"abc-1@google.com\0".iter().map(|byte| format!("{byte:02X}")).collect();
        let wrapped = format!("{}{FOREIGN}{inner}", &SERIES[..DATA]);
        assert_eq!(normalise(&wrapped), "abc-1@google.com");
        let of_occurrence = wrapped.replacen("E00800000000", "E00807EA0B03", 1);
        assert_eq!(normalise(&of_occurrence), "abc-1@google.com");
    }

    #[test]
    fn any_other_uid_stays_as_it_is() {
        for uid in ["abc@google.com", "", "040000008200E00074C5B7101A82E008", "Grüße-ÄÖÜ"] {
            assert_eq!(normalise(uid), uid);
        }
        let broken = format!("{}XY", &SERIES[..SERIES.len() - 2]);
        assert_eq!(normalise(&broken), broken);
        let odd = format!("{SERIES}é");
        assert_eq!(normalise(&odd), odd);
    }
}
