//! The reader's table of settings, out of `settings.json`: names, defaults, ranges. What they mean is for people, and
//! stays out of the module.

use core::{error::Error, fmt::Write as _};
use std::{env, fs, path::Path};

use serde_json::Value;

const DESCRIBED: &str = "settings.json";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={DESCRIBED}");
    let described: Value = serde_json::from_str(&fs::read_to_string(DESCRIBED)?)?;
    let mut table = String::new();
    let mut names = Vec::new();
    let mut conditional = String::new();
    let mut own = Vec::new();
    let sections = list(&described, "sections")?.iter();
    for section in sections {
        for setting in list(section, "settings")? {
            let name = text(setting, "name")?;
            names.push(name);
            if let Some(used) = setting.get("used").and_then(Value::as_str) {
                let reason = text(setting, "without_effect")?;
                writeln!(
                    conditional,
                    "    ({name:?}, Used::{}, {reason:?}),",
                    camel(used)
                )?;
            }
            own.extend(
                setting
                    .get("own")
                    .and_then(Value::as_str)
                    .map(|cure| (name, cure)),
            );
            constant(&mut table, name, setting)?;
        }
    }
    writeln!(
        table,
        "pub(super) const NAMES: [&str; {}] = {names:?};",
        names.len()
    )?;
    writeln!(
        table,
        "pub(super) const CONDITIONAL: &[(&str, Used, &str)] = &[\n{conditional}];"
    )?;
    writeln!(table, "pub(super) const OWN: &[(&str, &str)] = &{own:?};")?;
    let mark = text(&described, "example_mark")?;
    writeln!(
        table,
        "/// In the values of examples, which everybody knows.\npub(super) const EXAMPLE: &str = {mark:?};"
    )?;
    let target = env::var("OUT_DIR")?;
    Ok(fs::write(Path::new(&target).join("settings.rs"), table)?)
}

/// One setting, of the type that its kind is read by. Bindings are the platform's to read.
fn constant(table: &mut String, name: &str, setting: &Value) -> Result<(), Box<dyn Error>> {
    let default = setting.get("default").map(|default| match default {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    });
    let bare = format!("Setting {{ name: {name:?}, default: {default:?} }}");
    let (kind, value) = match text(setting, "kind")? {
        "number" => {
            let (least, most) = (number(setting, "least")?, number(setting, "most")?);
            let unit = text(setting, "unit")?;
            let value = format!(
                "Number {{ setting: {bare}, least: {least}, most: {most}, unit: {unit:?} }}"
            );
            ("Number", value)
        }
        "choice" => {
            let allowed = list(setting, "allowed")?;
            let allowed: Vec<&str> = allowed.iter().filter_map(Value::as_str).collect();
            let value = format!("Choice {{ setting: {bare}, allowed: &{allowed:?} }}");
            ("Choice", value)
        }
        "text" | "boolean" | "list" | "object" => ("Setting", bare),
        "binding" => return Ok(()),
        other => return Err(format!("{name}: {other:?} is no kind of setting").into()),
    };
    Ok(writeln!(
        table,
        "pub(super) const {name}: {kind} = {value};"
    )?)
}

fn text<'v>(value: &'v Value, field: &str) -> Result<&'v str, String> {
    let found = value.get(field).and_then(Value::as_str);
    found.ok_or_else(|| format!("{DESCRIBED}: {field:?} is no text in {value}"))
}

fn number(value: &Value, field: &str) -> Result<u32, String> {
    let found = value.get(field).and_then(Value::as_u64);
    found
        .and_then(|found| found.try_into().ok())
        .ok_or_else(|| format!("{DESCRIBED}: {field:?} is no number in {value}"))
}

fn list<'v>(value: &'v Value, field: &str) -> Result<&'v [Value], String> {
    let found = value.get(field).and_then(Value::as_array);
    found
        .map(Vec::as_slice)
        .ok_or_else(|| format!("{DESCRIBED}: {field:?} is no list in {value}"))
}

/// `two_stores` as a variant of an enumeration.
fn camel(name: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    name.split('_').map(capital).collect()
}
