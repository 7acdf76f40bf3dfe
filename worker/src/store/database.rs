use serde::{Deserialize, de::DeserializeOwned};
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

/// Of a statement that says which rows it changed.
#[derive(Deserialize)]
pub(super) struct NameRow {
    #[expect(dead_code, reason = "that there is a row is what counts")]
    name: String,
}

impl Database {
    pub(crate) const fn new(database: D1Database) -> Self {
        Self(database)
    }

    /// Runs a statement that reads, from where the session of D1 says.
    pub(crate) async fn read<T: DeserializeOwned>(
        &self,
        constraint: D1SessionConstraint,
        query: &str,
        values: &[JsValue],
    ) -> Result<Vec<T>, StoreError> {
        let session = self.0.with_session_constraint(constraint).map_err(failed)?;
        rows(session.prepare(query), values).await
    }

    /// Runs a statement that writes: on the primary, whatever the session says.
    pub(crate) async fn write<T: DeserializeOwned>(
        &self,
        query: &str,
        values: &[JsValue],
    ) -> Result<Vec<T>, StoreError> {
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
    pub(crate) async fn query<T: DeserializeOwned>(
        &self,
        query: &str,
        now: Timestamp,
    ) -> Result<Vec<T>, StoreError> {
        self.write(query, &[seconds(now)]).await
    }

    /// Cleans up one table: runs a statement that deletes up to `?2` rows that have expired at `?1`
    /// and returns a column `name` of each, until there are none, and not for ever. Gives how many
    /// there were.
    pub(crate) async fn sweep(&self, statement: &str, now: Timestamp) -> Result<usize, StoreError> {
        let mut deleted = 0;
        for _ in 0..SWEEP_STATEMENTS {
            let values = [seconds(now), SWEEP_ROWS.into()];
            let gone: Vec<NameRow> = self.write(statement, &values).await?;
            deleted += gone.len();
            if gone.len() < SWEEP_ROWS.unsigned_abs() as usize {
                break;
            }
        }
        Ok(deleted)
    }
}

/// Runs a statement; its rows.
async fn rows<T: DeserializeOwned>(
    statement: D1PreparedStatement,
    values: &[JsValue],
) -> Result<Vec<T>, StoreError> {
    let statement = statement.bind(values).map_err(failed)?;
    let result = checked(statement.all().await.map_err(failed)?)?;
    result.results().map_err(failed)
}

fn checked(result: D1Result) -> Result<D1Result, StoreError> {
    match result.error() {
        Some(error) => Err(StoreError::Unavailable {
            reason: error.into(),
        }),
        None => Ok(result),
    }
}
