//! Splunk's `.conf` files: text of values, and a strict reader.
//!
//! Splunk reads what it can and says nothing of the rest: a line without `=` is ignored, a value that lost its backslash
//! ends early. So what is packed is read back by a reader that forgives nothing.
//! <https://help.splunk.com/en/splunk-enterprise/administer/admin-manual/9.4/administer-splunk-enterprise-with-configuration-files/configuration-file-structure>

use std::collections::BTreeMap;

/// The stanzas of a file by name, each with its values by key.
pub type Stanzas = BTreeMap<String, BTreeMap<String, String>>;

/// A value as it stands after `key = `: every line but the last ends in a blank and a backslash.
///
/// # Errors
/// If a line ends in a backslash of its own or is empty: a reader would take either for something else.
pub fn value(text: &str) -> Result<String, String> {
    let text = text.trim_end();
    for (number, line) in text.lines().enumerate() {
        if line.ends_with('\\') {
            return Err(format!("line {} ends in a backslash, which continues it", number + 1));
        }
        if line.trim().is_empty() && text.contains('\n') {
            return Err(format!("line {} is empty", number + 1));
        }
        if line.chars().any(char::is_control) {
            return Err(format!("line {} holds a control character", number + 1));
        }
    }
    Ok(text.replace('\n', " \\\n"))
}

/// Reads a file in which every logical line is `[stanza]`, `key = value`, a comment or blank.
///
/// # Errors
/// The first line that is none of these, or says something again, with its number.
pub fn read(text: &str) -> Result<Stanzas, String> {
    if text.starts_with('\u{feff}') {
        return Err("it begins with a byte order mark".to_owned());
    }
    if text.contains('\r') {
        return Err("it has carriage returns".to_owned());
    }
    if !text.is_empty() && !text.ends_with('\n') {
        return Err("its last line does not end".to_owned());
    }
    let mut stanzas = Stanzas::new();
    let mut current: Option<String> = None;
    let mut lines = (1..).zip(text.lines());
    while let Some((number, line)) = lines.next() {
        let wrong = |what: &str| format!("line {number}: {what}");
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(rest) = line.strip_prefix('[') {
            let name = rest.strip_suffix(']').filter(|n| !n.is_empty() && !n.contains(['[', ']']));
            let name = name.ok_or_else(|| wrong("a stanza is not closed, or empty"))?;
            if stanzas.insert(name.to_owned(), BTreeMap::new()).is_some() {
                return Err(wrong(&format!("the stanza `{name}` stands twice")));
            }
            current = Some(name.to_owned());
            continue;
        }
        let (key, first) = line.split_once('=').ok_or_else(|| wrong("it is no `key = value`"))?;
        let key = key.strip_suffix(' ').unwrap_or(key);
        if key.is_empty() || !key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')) {
            return Err(wrong(&format!("`{key}` is no key; is the line before it continued?")));
        }
        let value = continued(first.strip_prefix(' ').unwrap_or(first), &mut lines).map_err(|e| wrong(&e))?;
        let stanza = current.as_ref().and_then(|name| stanzas.get_mut(name));
        let stanza = stanza.ok_or_else(|| wrong("it stands before any stanza"))?;
        if stanza.insert(key.to_owned(), value).is_some() {
            return Err(wrong(&format!("`{key}` stands twice in its stanza")));
        }
    }
    Ok(stanzas)
}

/// A value with the lines that continue it.
fn continued<'a>(first: &'a str, lines: &mut impl Iterator<Item = (u32, &'a str)>) -> Result<String, String> {
    let mut value = String::new();
    let mut line = first;
    loop {
        if line.trim_end() != line {
            return Err("a blank stands at the end, after which a backslash would not continue the line".to_owned());
        }
        let Some(part) = line.strip_suffix('\\') else {
            value.push_str(line);
            return Ok(value);
        };
        value.push_str(part.strip_suffix(' ').unwrap_or(part));
        value.push('\n');
        line = lines.next().map(|(_, line)| line).ok_or("the last line is continued")?;
        if line.trim().is_empty() {
            return Err("an empty line continues a value".to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_value_reads_back(lines in proptest::collection::vec("[ -~]{0,20}[!-\\[\\]-~]", 1..5)) {
            let text = lines.join("\n");
            let printed = value(&text).unwrap();
            let file = format!("[one]\nkey = {printed}\nnext = 1\n");
            let stanzas = read(&file).unwrap();
            prop_assert_eq!(&stanzas["one"]["key"], &text);
            prop_assert_eq!(&stanzas["one"]["next"], "1");
        }
    }

    #[test]
    fn nothing_is_forgiven() {
        let wrong = [
            ("\u{feff}[a]\n", "byte order mark"),
            ("[a]\r\n", "carriage returns"),
            ("[a]", "does not end"),
            ("[a\nk = 1\n", "not closed"),
            ("[a]\n[a]\n", "stands twice"),
            ("[a]\nk = 1\nk = 2\n", "stands twice in its stanza"),
            ("k = 1\n", "before any stanza"),
            ("[a]\nsearch = one\n| two\n", "no `key = value`"),
            ("[a]\nsearch = one\n| where a=b\n", "is the line before it continued?"),
            ("[a]\nsearch = one \\ \n| two\n", "a blank stands at the end"),
            ("[a]\nsearch = one \\\n\n| two\n", "an empty line continues"),
            ("[a]\nsearch = one \\\n", "the last line is continued"),
        ];
        for (text, what) in wrong {
            let error = read(text).unwrap_err();
            assert!(error.contains(what), "{text:?}\n{error}");
        }
    }

    #[test]
    fn a_value_that_would_be_taken_for_something_else_is_refused() {
        for text in ["C:\\", "one\n\ntwo", "one\u{7}"] {
            assert!(value(text).is_err(), "{text:?}");
        }
    }
}
