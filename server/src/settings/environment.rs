const PREFIX: &str = "EDGE_SESSION_SERVER_";
/// The same name as in the Worker; several keys, separated by a blank, while one is being changed.
const KEYS: &str = "SESSION_ORIGIN_STORE_KEY";
/// Names, separated by a blank.
const COLUMNS: &str = "EDGE_SESSION_SERVER_COLUMNS";
/// What stands under `[django]` in a file.
const DJANGO: &str = "EDGE_SESSION_SERVER_DJANGO_";
/// The standard's name for `traces`.
const COLLECTOR: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
/// `SECRET_KEY` of the site and then its fallbacks, separated by a blank.
const SECRET_KEYS: &str = "EDGE_SESSION_SERVER_DJANGO_SECRET_KEYS";

/// Puts what the environment says in the place of what a file says.
pub(super) fn put_into(
    said: &mut toml::Table,
    environment: impl Iterator<Item = (String, String)>,
) {
    let mut django = toml::Table::new();
    let (mut own, mut collector) = (toml::Table::new(), None);
    for (name, text) in environment {
        if name == KEYS {
            said.insert("keys".to_owned(), list(&text));
        } else if name == COLUMNS {
            own.insert("columns".to_owned(), list(&text));
        } else if name == COLLECTOR {
            collector = Some(text).filter(|text| !text.is_empty());
        } else if name == SECRET_KEYS {
            django.insert("secret_keys".to_owned(), list(&text));
        } else if let Some(name) = name.strip_prefix(DJANGO) {
            django.insert(name.to_lowercase(), value(text));
        } else if let Some(name) = name.strip_prefix(PREFIX) {
            own.insert(name.to_lowercase(), value(text));
        }
    }
    if let Some(collector) = collector {
        said.insert("traces".to_owned(), collector.into());
    }
    said.extend(own);
    if !django.is_empty() {
        let part = said.entry("django");
        let part = part.or_insert_with(|| toml::Table::new().into());
        // What is no table is told when it is read.
        if let Some(part) = part.as_table_mut() {
            part.extend(django);
        }
    }
}

/// A number or a truth where it is one: everything else is text.
fn value(text: String) -> toml::Value {
    if let Ok(truth) = text.parse() {
        return toml::Value::Boolean(truth);
    }
    text.parse()
        .map_or(toml::Value::String(text), toml::Value::Integer)
}

fn list(text: &str) -> toml::Value {
    let words = text.split_whitespace().map(|word| word.to_owned().into());
    toml::Value::Array(words.collect())
}
