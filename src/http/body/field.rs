//! REST framework's `CharField`: what text a field must hold.

use super::{Text, Value};
use crate::python::strip;

/// The text of a required `CharField` that may be neither null nor blank; `trim` is its `trim_whitespace`.
///
/// # Errors
/// The field's messages, in REST framework's order.
pub(crate) fn char_field(value: Option<&Value>, trim: bool) -> Result<String, Vec<String>> {
    match value {
        None => refuse("This field is required."),
        Some(Value::Null) => refuse("This field may not be null."),
        Some(Value::Number(number)) => Ok(number.clone()),
        Some(Value::Text(text)) => char_text(text, trim),
        // Python's `str` of a file is its name.
        Some(Value::File(name)) if trim && strip(name).is_empty() => refuse("This field may not be blank."),
        Some(Value::Bool | Value::List | Value::Object | Value::File(_)) => refuse("Not a valid string."),
    }
}

fn char_text(value: &Text, trim: bool) -> Result<String, Vec<String>> {
    let text = if trim { strip(value.as_str()) } else { value.as_str() };
    if text.is_empty() {
        return refuse("This field may not be blank.");
    }
    let null = text.contains('\0').then(|| "Null characters are not allowed.".to_owned());
    let surrogate = value.lone_surrogate().map(|code| format!("Surrogate characters are not allowed: U+{code:X}."));
    let errors: Vec<String> = null.into_iter().chain(surrogate).collect();
    if errors.is_empty() { Ok(text.to_owned()) } else { Err(errors) }
}

fn refuse(message: &str) -> Result<String, Vec<String>> {
    Err(vec![message.to_owned()])
}

#[cfg(test)]
mod tests {
    use super::char_field;
    use crate::http::body::{Text, Value};

    fn text(units: &[u16]) -> Value {
        Value::Text(Text::from_units(units.iter().copied()))
    }

    fn words(text: &str) -> Value {
        Value::Text(Text::from(text))
    }

    #[test]
    fn text_is_taken_and_trimmed_as_python_trims() {
        let cases = [
            (words(" a\u{a0}\u{1c}"), true, "a"),
            (words(" a "), false, " a "),
            (words(" "), false, " "),
            (words("\u{200b}a\u{feff}"), true, "\u{200b}a\u{feff}"),
            (Value::Number("1e+16".to_owned()), true, "1e+16"),
        ];
        for (value, trim, taken) in cases {
            assert_eq!(char_field(Some(&value), trim), Ok(taken.to_owned()));
        }
    }

    #[test]
    fn what_is_no_text_is_refused_in_the_serializers_words() {
        const BLANK: &str = "This field may not be blank.";
        const INVALID: &str = "Not a valid string.";
        const NULL: &str = "Null characters are not allowed.";
        let cases: [(Option<Value>, bool, &[&str]); 14] = [
            (None, true, &["This field is required."]),
            (Some(Value::Null), true, &["This field may not be null."]),
            (Some(words("")), false, &[BLANK]),
            (Some(words(" \u{3000}\u{1f}")), true, &[BLANK]),
            (Some(Value::Bool), true, &[INVALID]),
            (Some(Value::List), true, &[INVALID]),
            (Some(Value::Object), true, &[INVALID]),
            (Some(Value::File("a.txt".to_owned())), true, &[INVALID]),
            (Some(Value::File(" ".to_owned())), false, &[INVALID]),
            (Some(Value::File(" ".to_owned())), true, &[BLANK]),
            (Some(words("\0")), true, &[NULL]),
            (Some(text(&[0xd800])), true, &["Surrogate characters are not allowed: U+D800."]),
            (Some(text(&[0xdfff, 0xd800])), true, &["Surrogate characters are not allowed: U+DFFF."]),
            (Some(text(&[0xdbff, 0])), true, &[NULL, "Surrogate characters are not allowed: U+DBFF."]),
        ];
        for (value, trim, messages) in cases {
            let refused = Err(messages.iter().map(|message| (*message).to_owned()).collect::<Vec<_>>());
            assert_eq!(char_field(value.as_ref(), trim), refused, "{value:?}");
        }
    }
}
