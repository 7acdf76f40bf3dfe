//! Pickles of what JSON can say, and of nothing else. A pickle is a program: here those few steps are taken that
//! make texts, numbers, lists and dictionaries. Nothing is called, imported or built, and every other step is refused.

use core::fmt;

use serde_json::{Map, Number, Value};

/// Why a pickle is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unreadable(&'static str);

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

pub(super) const NOT_JSON: Unreadable = Unreadable(
    "it has something in it that JSON does not have; SESSION_SERIALIZER of the site writes JSON",
);
const BROKEN: Unreadable = Unreadable("it breaks off, or is no pickle");
const TOO_MUCH: Unreadable = Unreadable("it is too large or too deep");
const COMPRESSED: Unreadable =
    Unreadable("it is no pickle; a COMPRESSOR of the cache's is not known here");

/// Values that are made in all; a pickle may name one twice, and the copies count.
const MOST_VALUES: usize = 200_000;
/// Bytes of all texts.
const MOST_BYTES: usize = 4 * 1024 * 1024;
/// As deep as the codec reads JSON.
const DEEPEST: usize = 64;

/// The dictionary of a pickle.
pub(super) fn read(pickle: &[u8]) -> Result<Map<String, Value>, Unreadable> {
    if pickle.first() != Some(&0x80) {
        return Err(COMPRESSED);
    }
    match (Machine {
        bytes: pickle,
        ..Machine::default()
    })
    .run()?
    {
        Value::Object(session) => Ok(session),
        _ => Err(NOT_JSON),
    }
}

#[derive(Default)]
struct Machine<'a> {
    bytes: &'a [u8],
    stack: Vec<Slot>,
    memo: Vec<Option<Value>>,
    values: usize,
    texts: usize,
}

enum Slot {
    Mark,
    Value(Value, usize),
}

impl<'a> Machine<'a> {
    fn run(mut self) -> Result<Value, Unreadable> {
        loop {
            match self.byte()? {
                b'.' => return self.pop().map(|(value, _)| value),
                // Of which version it is; how long a frame is.
                0x80 => drop(self.byte()?),
                0x95 => drop(self.take(8)?),
                b'(' => self.stack.push(Slot::Mark),
                b'N' => self.push(Value::Null)?,
                0x88 => self.push(Value::Bool(true))?,
                0x89 => self.push(Value::Bool(false))?,
                b'K' => {
                    let number = self.byte()?;
                    self.push(number.into())?;
                }
                b'M' => {
                    let number = u16::from_le_bytes(self.fixed()?);
                    self.push(number.into())?;
                }
                b'J' => {
                    let number = i32::from_le_bytes(self.fixed()?);
                    self.push(number.into())?;
                }
                0x8a => {
                    let length = self.byte()?.into();
                    let number = long(self.take(length)?)?;
                    self.push(number)?;
                }
                b'G' => {
                    let number = f64::from_be_bytes(self.fixed()?);
                    let number = Number::from_f64(number).ok_or(NOT_JSON)?;
                    self.push(Value::Number(number))?;
                }
                0x8c => {
                    let length = self.byte()?.into();
                    self.text(length)?;
                }
                b'X' => {
                    let length = u32::from_le_bytes(self.fixed()?);
                    self.text(length as usize)?;
                }
                0x8d => {
                    let length = u64::from_le_bytes(self.fixed()?);
                    self.text(usize::try_from(length).map_err(|_| TOO_MUCH)?)?;
                }
                b'}' => self.push(Value::Object(Map::new()))?,
                // An empty tuple is a list to JSON.
                b']' | b')' => self.push(Value::Array(Vec::new()))?,
                b'a' => {
                    let item = self.pop()?;
                    self.append(vec![item])?;
                }
                b'e' => {
                    let items = self.since_mark()?;
                    self.append(items)?;
                }
                b's' => {
                    let (value, key) = (self.pop()?, self.pop()?);
                    self.set(vec![key, value])?;
                }
                b'u' => {
                    let items = self.since_mark()?;
                    self.set(items)?;
                }
                count @ 0x85..=0x87 => {
                    let mut items = Vec::new();
                    for _ in 0x84..count {
                        items.push(self.pop()?);
                    }
                    items.reverse();
                    self.tuple(items)?;
                }
                b't' => {
                    let items = self.since_mark()?;
                    self.tuple(items)?;
                }
                // What was made is kept under a number, in the order of making or as it says.
                0x94 => self.keep(self.memo.len())?,
                b'q' => {
                    let number = self.byte()?.into();
                    self.keep(number)?;
                }
                b'r' => {
                    let number = u32::from_le_bytes(self.fixed()?);
                    self.keep(number as usize)?;
                }
                b'h' => {
                    let number = self.byte()?.into();
                    self.again(number)?;
                }
                b'j' => {
                    let number = u32::from_le_bytes(self.fixed()?);
                    self.again(number as usize)?;
                }
                _ => return Err(NOT_JSON),
            }
        }
    }

    fn byte(&mut self) -> Result<u8, Unreadable> {
        self.fixed::<1>().map(|[byte]| byte)
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], Unreadable> {
        let (bytes, rest) = self.bytes.split_first_chunk().ok_or(BROKEN)?;
        self.bytes = rest;
        Ok(*bytes)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Unreadable> {
        let (bytes, rest) = self.bytes.split_at_checked(length).ok_or(BROKEN)?;
        self.bytes = rest;
        Ok(bytes)
    }

    fn text(&mut self, length: usize) -> Result<(), Unreadable> {
        let text = core::str::from_utf8(self.take(length)?).map_err(|_| NOT_JSON)?;
        self.count(1, length)?;
        self.stack.push(Slot::Value(text.into(), 0));
        Ok(())
    }

    fn push(&mut self, value: Value) -> Result<(), Unreadable> {
        self.count(1, 0)?;
        let depth = usize::from(value.is_array() || value.is_object());
        self.stack.push(Slot::Value(value, depth));
        Ok(())
    }

    fn count(&mut self, values: usize, bytes: usize) -> Result<(), Unreadable> {
        self.values += values;
        self.texts += bytes;
        match self.values <= MOST_VALUES && self.texts <= MOST_BYTES {
            true => Ok(()),
            false => Err(TOO_MUCH),
        }
    }

    fn pop(&mut self) -> Result<(Value, usize), Unreadable> {
        match self.stack.pop() {
            Some(Slot::Value(value, depth)) => Ok((value, depth)),
            Some(Slot::Mark) | None => Err(BROKEN),
        }
    }

    fn since_mark(&mut self) -> Result<Vec<(Value, usize)>, Unreadable> {
        let is_mark = |slot: &Slot| matches!(slot, Slot::Mark);
        let mark = self.stack.iter().rposition(is_mark).ok_or(BROKEN)?;
        let items = self.stack.drain(mark..).skip(1);
        let values = items.filter_map(|slot| match slot {
            Slot::Value(value, depth) => Some((value, depth)),
            Slot::Mark => None,
        });
        Ok(values.collect())
    }

    /// The list or dictionary on top, which is to hold what has this depth.
    fn holder(&mut self, inner: usize) -> Result<&mut Value, Unreadable> {
        let Some(Slot::Value(value, depth)) = self.stack.last_mut() else {
            return Err(BROKEN);
        };
        *depth = (*depth).max(inner + 1);
        if *depth > DEEPEST {
            return Err(TOO_MUCH);
        }
        Ok(value)
    }

    fn append(&mut self, items: Vec<(Value, usize)>) -> Result<(), Unreadable> {
        let Value::Array(list) = self.holder(deepest(&items))? else {
            return Err(BROKEN);
        };
        list.extend(items.into_iter().map(|(value, _)| value));
        Ok(())
    }

    fn set(&mut self, items: Vec<(Value, usize)>) -> Result<(), Unreadable> {
        let Value::Object(members) = self.holder(deepest(&items))? else {
            return Err(BROKEN);
        };
        let mut items = items.into_iter().map(|(value, _)| value);
        while let Some(key) = items.next() {
            let value = items.next().ok_or(BROKEN)?;
            let Value::String(key) = key else {
                return Err(NOT_JSON);
            };
            members.insert(key, value);
        }
        Ok(())
    }

    fn tuple(&mut self, items: Vec<(Value, usize)>) -> Result<(), Unreadable> {
        self.push(Value::Array(Vec::new()))?;
        self.append(items)
    }

    /// Of lists and dictionaries nothing is kept: they are made empty and filled later, and whoever names one twice
    /// has two names for one thing, which JSON cannot say.
    fn keep(&mut self, number: usize) -> Result<(), Unreadable> {
        let Some(Slot::Value(value, _)) = self.stack.last() else {
            return Err(BROKEN);
        };
        let kept = (!value.is_array() && !value.is_object()).then(|| value.clone());
        if number >= MOST_VALUES {
            return Err(TOO_MUCH);
        }
        let texts = kept.as_ref().and_then(Value::as_str).map_or(0, str::len);
        self.count(1, texts)?;
        if self.memo.len() <= number {
            self.memo.resize(number + 1, None);
        }
        self.memo[number] = kept;
        Ok(())
    }

    fn again(&mut self, number: usize) -> Result<(), Unreadable> {
        let value = self
            .memo
            .get(number)
            .and_then(Clone::clone)
            .ok_or(NOT_JSON)?;
        self.count(1, value.as_str().map_or(0, str::len))?;
        self.stack.push(Slot::Value(value, 0));
        Ok(())
    }
}

fn deepest(items: &[(Value, usize)]) -> usize {
    items.iter().map(|(_, depth)| *depth).max().unwrap_or(0)
}

/// A whole number of any length: two's complement, the lowest byte first.
fn long(bytes: &[u8]) -> Result<Value, Unreadable> {
    let Some(last) = bytes.last() else {
        return Ok(0.into());
    };
    let is_negative = last & 0x80 != 0;
    let mut wide = [if is_negative { 0xff } else { 0 }; 16];
    wide.get_mut(..bytes.len())
        .ok_or(TOO_MUCH)?
        .copy_from_slice(bytes);
    let number = i128::from_le_bytes(wide);
    let value = i64::try_from(number).map(Value::from);
    value
        .or_else(|_| u64::try_from(number).map(Value::from))
        .map_err(|_| TOO_MUCH)
}

/// A pickle of a session, which every Python since 2.3 reads; `None` if it is too deep.
pub(super) fn write(session: &Map<String, Value>) -> Option<Vec<u8>> {
    let mut pickle = vec![0x80, 2];
    write_members(session, DEEPEST, &mut pickle)?;
    pickle.push(b'.');
    Some(pickle)
}

fn write_members(members: &Map<String, Value>, depth: usize, pickle: &mut Vec<u8>) -> Option<()> {
    pickle.push(b'}');
    for (key, value) in members {
        write_text(key, pickle)?;
        write_value(value, depth, pickle)?;
        pickle.push(b's');
    }
    Some(())
}

fn write_value(value: &Value, depth: usize, pickle: &mut Vec<u8>) -> Option<()> {
    let depth = depth.checked_sub(1)?;
    match value {
        Value::Null => pickle.push(b'N'),
        Value::Bool(is) => pickle.push(if *is { 0x88 } else { 0x89 }),
        Value::Number(number) => write_number(number, pickle)?,
        Value::String(text) => write_text(text, pickle)?,
        Value::Array(items) => {
            pickle.push(b']');
            for item in items {
                write_value(item, depth, pickle)?;
                pickle.push(b'a');
            }
        }
        Value::Object(members) => write_members(members, depth, pickle)?,
    }
    Some(())
}

fn write_text(text: &str, pickle: &mut Vec<u8>) -> Option<()> {
    pickle.push(b'X');
    pickle.extend(u32::try_from(text.len()).ok()?.to_le_bytes());
    pickle.extend(text.as_bytes());
    Some(())
}

fn write_number(number: &Number, pickle: &mut Vec<u8>) -> Option<()> {
    let whole = number.as_i64().map(i128::from);
    let whole = whole.or_else(|| number.as_u64().map(i128::from));
    match whole {
        Some(whole) => {
            // Nine bytes have every whole number of 64 bits, with its sign.
            pickle.extend([0x8a, 9]);
            pickle.extend(&whole.to_le_bytes()[..9]);
        }
        None => {
            pickle.push(b'G');
            pickle.extend(number.as_f64()?.to_be_bytes());
        }
    }
    Some(())
}

#[cfg(test)]
mod tests;
