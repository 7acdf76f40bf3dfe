use serde_json::Value;
use session_codec::Timestamp;
use session_store::StoreError;
use worker::{
    D1Database, D1PreparedStatement, D1Result, D1SessionConstraint, wasm_bindgen::JsValue,
};

use super::{platform_error::failed, text::seconds};

/// Rows that one clean-up deletes at once: a statement has 30 s, and holds up writers.
const SWEEP_ROWS: i32 = 500;
/// Statements of one clean-up; what is left waits for the next.
const SWEEP_STATEMENTS: usize = 20;

/// A D1 database, whoever's tables are in it.
pub(crate) struct Database(D1Database);

/// A row: its columns by name.
///
/// One type for all statements: what would read a type of its own from JavaScript, for each of them, is a
/// part of the module that every start has to load.
pub(crate) struct Row(Value);

impl Row {
    /// The text in a column, unless that is empty.
    ///
    /// # Errors
    /// If it is no text.
    pub(crate) fn text(&mut self, column: &str) -> Result<Option<String>, StoreError> {
        match self.0.get_mut(column).map(Value::take) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(unexpected(column)),
        }
    }

    /// The whole number in a column, unless that is empty.
    ///
    /// # Errors
    /// If it is none.
    pub(crate) fn integer(&self, column: &str) -> Result<Option<i64>, StoreError> {
        match self.0.get(column) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value.as_i64().map(Some).ok_or_else(|| unexpected(column)),
        }
    }

    /// The number in a column, 0 if that is empty.
    ///
    /// # Errors
    /// If it is none.
    pub(crate) fn number(&self, column: &str) -> Result<f64, StoreError> {
        match self.0.get(column) {
            None | Some(Value::Null) => Ok(0.0),
            Some(value) => value.as_f64().ok_or_else(|| unexpected(column)),
        }
    }
}

/// A column that has to be there and is not, or is of another type.
pub(crate) fn unexpected(column: &str) -> StoreError {
    StoreError::Unavailable {
        reason: format!("D1: {column} is not what it should be").into(),
    }
}

impl Database {
    pub(crate) const fn new(database: D1Database) -> Self {
        Self(database)
    }

    /// Runs a statement that reads, from where the session of D1 says.
    pub(crate) async fn read(
        &self,
        constraint: D1SessionConstraint,
        query: &str,
        values: &[JsValue],
    ) -> Result<Vec<Row>, StoreError> {
        let session = self.0.with_session_constraint(constraint).map_err(failed)?;
        rows(session.prepare(query), values).await
    }

    /// Runs a statement that writes: on the primary, whatever the session says.
    pub(crate) async fn write(
        &self,
        query: &str,
        values: &[JsValue],
    ) -> Result<Vec<Row>, StoreError> {
        rows(self.0.prepare(query), values).await
    }

    /// Runs statements as one transaction on the primary, in one trip; the rows of each.
    pub(crate) async fn batch(
        &self,
        statements: &[(&str, Vec<JsValue>)],
    ) -> Result<Vec<D1Result>, StoreError> {
        let bound = statements.iter().map(|(query, values)| {
            let statement = self.0.prepare(*query);
            statement.bind(values).map_err(failed)
        });
        let bound = bound.collect::<Result<Vec<_>, _>>()?;
        let results = self.0.batch(bound).await.map_err(failed)?;
        results.into_iter().map(checked).collect()
    }

    /// A query of the operator's.
    pub(crate) async fn query(&self, query: &str, now: Timestamp) -> Result<Vec<Row>, StoreError> {
        self.write(query, &[seconds(now)]).await
    }

    /// Cleans up one table: runs a statement that deletes up to `?2` rows that have expired at `?1`
    /// and returns a column `name` of each, until there are none, and not for ever. Gives how many
    /// there were.
    pub(crate) async fn sweep(&self, statement: &str, now: Timestamp) -> Result<usize, StoreError> {
        let mut deleted = 0;
        for _ in 0..SWEEP_STATEMENTS {
            let values = [seconds(now), SWEEP_ROWS.into()];
            let gone = self.write(statement, &values).await?;
            deleted += gone.len();
            if gone.len() < SWEEP_ROWS.unsigned_abs() as usize {
                break;
            }
        }
        Ok(deleted)
    }
}

/// Runs a statement; its rows.
async fn rows(statement: D1PreparedStatement, values: &[JsValue]) -> Result<Vec<Row>, StoreError> {
    let statement = statement.bind(values).map_err(failed)?;
    let result = checked(statement.all().await.map_err(failed)?)?;
    rows_of(&result)
}

/// The rows of a statement.
pub(crate) fn rows_of(result: &D1Result) -> Result<Vec<Row>, StoreError> {
    let rows = result.results().map_err(failed)?;
    Ok(rows.into_iter().map(Row).collect())
}

fn checked(result: D1Result) -> Result<D1Result, StoreError> {
    match result.error() {
        Some(error) => Err(StoreError::Unavailable {
            reason: error.into(),
        }),
        None => Ok(result),
    }
}
