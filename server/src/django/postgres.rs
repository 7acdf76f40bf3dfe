use alloc::sync::Arc;
use core::str::FromStr;

use session_codec::Timestamp;
use session_store::StoreError;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, query, query_as};

use super::settings::BadDjango;
use super::table::{Names, unchanged};
use super::{Replaced, Row, SessionKey};
use crate::stores::pool::{Pool, over};
use crate::stores::sql::failed;

/// Django's table in PostgreSQL.
pub(super) struct PostgresTable {
    pool: Pool<PgConnection>,
    find: Arc<str>,
    replace: Arc<str>,
    delete: Arc<str>,
}

impl PostgresTable {
    pub(super) fn new(address: &str, connections: u32, names: &Names) -> Result<Self, BadDjango> {
        let options = PgConnectOptions::from_str(address);
        let options = options.map_err(|error| BadDjango(error.to_string()))?;
        let pool = Pool::new(options.application_name("edge-session-server"), connections);
        Ok(Self {
            pool,
            find: names.put_into(FIND).into(),
            replace: names.put_into(REPLACE).into(),
            delete: names.put_into(DELETE).into(),
        })
    }

    pub(super) async fn find(
        &self,
        key: &SessionKey,
        now: Timestamp,
    ) -> Result<Option<Row>, StoreError> {
        let find = over!(link => async {
            let row: Option<(String, i64)> = query_as(AssertSqlSafe(Arc::clone(&self.find)))
                .bind(key.as_str())
                .bind(now.seconds())
                .fetch_optional(&mut link)
                .await
                .map_err(failed)?;
            Ok(row.map(|(data, expires)| Row { data, expires }))
        });
        self.pool.with(find).await
    }

    pub(super) async fn replace(
        &self,
        key: &SessionKey,
        from: &str,
        to: &str,
        now: Timestamp,
    ) -> Result<Replaced, StoreError> {
        let replace = over!(link => async {
            let change = query(AssertSqlSafe(Arc::clone(&self.replace)));
            let change = change.bind(key.as_str()).bind(to).bind(from).bind(now.seconds());
            change.execute(&mut link).await.map_err(failed)
        });
        if self.pool.with(replace).await?.rows_affected() > 0 {
            return Ok(Replaced::Done);
        }
        let there = self.find(key, now).await?;
        Ok(unchanged(there.as_ref().map(|row| &*row.data), to))
    }

    pub(super) async fn delete(&self, key: &SessionKey) -> Result<(), StoreError> {
        let delete = over!(link => async {
            let delete = query(AssertSqlSafe(Arc::clone(&self.delete))).bind(key.as_str());
            delete.execute(&mut link).await.map(drop).map_err(failed)
        });
        self.pool.with(delete).await
    }
}

const FIND: &str = "SELECT {data}, floor(extract(epoch FROM {expires}))::bigint FROM {table} \
    WHERE {key} = $1 AND {expires} > to_timestamp($2::bigint)";
// The expiry stays: Django alone prolongs a session, and tells the browser so.
const REPLACE: &str = "UPDATE {table} SET {data} = $2 \
    WHERE {key} = $1 AND {data} = $3 AND {expires} > to_timestamp($4::bigint)";
const DELETE: &str = "DELETE FROM {table} WHERE {key} = $1";
