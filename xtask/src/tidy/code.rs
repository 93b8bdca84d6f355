//! Rust source without its comments and literals, so that a check never trips over prose.

use super::Finding;
use super::files::File;

/// A Rust file of which only the code is left. Everything keeps its place: lines and columns are those of
/// the file.
pub(super) struct Code {
    pub(super) path: String,
    pub(super) text: String,
}

impl Code {
    /// The code of `file`.
    pub(super) fn of(file: &File) -> Self {
        Self { path: file.path.clone(), text: blank(&file.text) }
    }

    /// Where `word` stands as a whole word, by byte.
    pub(super) fn find<'a>(&'a self, word: &'a str) -> impl Iterator<Item = usize> + 'a {
        let joins = |a: Option<char>, b: Option<char>| is_part_of_name(a) && is_part_of_name(b);
        self.text.match_indices(word).map(|(at, _)| at).filter(move |&at| {
            let (before, after) = (&self.text[..at], &self.text[at + word.len()..]);
            let longer_before = joins(before.chars().next_back(), word.chars().next());
            let longer_after = joins(word.chars().next_back(), after.chars().next());
            !longer_before && !longer_after
        })
    }

    /// A finding at byte `at`.
    pub(super) fn finding(&self, at: usize, what: impl Into<String>, why: &'static str) -> Finding {
        let line = self.text[..at].matches('\n').count() + 1;
        Finding { path: self.path.clone(), line, what: what.into(), why }
    }
}

fn is_part_of_name(c: Option<char>) -> bool {
    c.is_some_and(|c| c.is_alphanumeric() || c == '_')
}

/// Replaces comments and literals by blanks; line breaks stay.
fn blank(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut code = String::with_capacity(text.len());
    let mut at = 0;
    while at < bytes.len() {
        let after_name = is_part_of_name(code.chars().next_back());
        if let Some(end) = skip(bytes, at, after_name) {
            code.extend(text[at..end].bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
            at = end;
        } else {
            let c = text[at..].chars().next().unwrap_or(' ');
            code.push(c);
            at += c.len_utf8();
        }
    }
    code
}

/// Where the comment or literal that begins at `at` ends; `None` when none begins here.
fn skip(bytes: &[u8], at: usize, after_name: bool) -> Option<usize> {
    let end = match (bytes[at], bytes.get(at + 1)) {
        (b'/', Some(b'/')) => line_end(bytes, at),
        (b'/', Some(b'*')) => comment_end(bytes, at),
        (b'"', _) => string_end(bytes, at + 1),
        (b'\'', _) => return char_end(bytes, at),
        (b'r', Some(b'"' | b'#')) if !after_name => return raw_string_end(bytes, at + 1),
        (b'b' | b'c', Some(b'r')) if !after_name => return raw_string_end(bytes, at + 2),
        _ => return None,
    };
    Some(end)
}

fn line_end(bytes: &[u8], at: usize) -> usize {
    position(bytes, at, |byte| byte == b'\n')
}

fn comment_end(bytes: &[u8], start: usize) -> usize {
    let (mut at, mut depth) = (start, 0_usize);
    while at < bytes.len() {
        match (bytes[at], bytes.get(at + 1)) {
            (b'/', Some(b'*')) => (at, depth) = (at + 2, depth + 1),
            (b'*', Some(b'/')) => (at, depth) = (at + 2, depth.saturating_sub(1)),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    at
}

fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// `start` is behind the `r`.
fn raw_string_end(bytes: &[u8], start: usize) -> Option<usize> {
    let open = position(bytes, start, |byte| byte != b'#');
    if bytes.get(open) != Some(&b'"') {
        return None; // A raw identifier, r#type.
    }
    let hashes = open - start;
    let mut at = open + 1;
    loop {
        at = position(bytes, at, |byte| byte == b'"') + 1;
        if at >= bytes.len() {
            return Some(bytes.len());
        }
        if bytes[at..].iter().take_while(|byte| **byte == b'#').take(hashes).count() == hashes {
            return Some(at + hashes);
        }
    }
}

/// The end of a character literal; `None` for a lifetime.
fn char_end(bytes: &[u8], at: usize) -> Option<usize> {
    if bytes.get(at + 1) == Some(&b'\\') {
        let close = position(bytes, at + 3, |byte| byte == b'\'');
        return Some((close + 1).min(bytes.len()));
    }
    let width = match bytes.get(at + 1)? {
        0..=0x7f => 1,
        0x80..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xff => 4,
    };
    (bytes.get(at + 1 + width) == Some(&b'\'')).then_some(at + width + 2)
}

/// The first place from `at` on with such a byte, or the end.
fn position(bytes: &[u8], at: usize, is: impl Fn(u8) -> bool) -> usize {
    bytes.iter().skip(at).position(|byte| is(*byte)).map_or(bytes.len(), |found| at + found)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Code at `path`, for the tests of the checks.
    pub(in crate::tidy) fn code(path: &str, text: &str) -> Code {
        Code::of(&File { path: path.to_owned(), text: text.to_owned() })
    }

    fn check(text: &str, expected: &str) {
        assert_eq!(blank(text).split_whitespace().collect::<Vec<_>>().join(" "), expected, "{text}");
    }

    #[test]
    fn comments_and_literals_are_blank_and_code_is_not() {
        check("a // b\nc", "a c");
        check("a /* b /* c */ d */ e", "a e");
        check(r#"a("b \" c"); d"#, "a( ); d");
        check("a(r#\"b \" c\"#); d", "a( ); d");
        check("a(br\"b\", b\"c\", c\"d\"); e", "a( , b , c ); e");
        check("let r#type = 1;", "let r#type = 1;");
        check("fn a<'b>(c: &'b str) {}", "fn a<'b>(c: &'b str) {}");
        check(r"a('b', '\'', '\u{e9}', 'é', '→', b'\\'); c", "a( , , , , , b ); c");
        check("xr\"b\"", "xr");
    }

    #[test]
    fn an_unfinished_literal_ends_with_the_file() {
        for text in ["\"a", "\"a\\", "r#\"a\"", "/* a", "'\\", "'", "r#"] {
            assert!(blank(text).len() <= text.len(), "{text}");
        }
    }

    #[test]
    fn a_finding_is_on_the_line_of_the_file() {
        let code = code("a.rs", "/* one\ntwo */\n\"three\nfour\"; é here\n");
        let at = code.find("here").next().unwrap();
        assert_eq!(code.finding(at, "here", "so").line, 4);
    }

    #[test]
    fn only_whole_words_are_found() {
        let code = code("a.rs", "todo todo_list my_todo a::todo!");
        assert_eq!(code.find("todo").count(), 2);
    }
}
