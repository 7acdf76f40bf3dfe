use alloc::sync::Arc;

use session_codec::Timestamp;
use session_store::StoreError;
use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, query, query_as};

use super::settings::BadDjango;
use super::table::{Names, unchanged};
use super::{Replaced, Row, SessionKey};
use crate::stores::mysql::options;
use crate::stores::pool::{Pool, over};
use crate::stores::sql::failed;

/// Django's table in MySQL or MariaDB, where times are in UTC without saying so (`USE_TZ = True`).
pub(super) struct MysqlTable {
    pool: Pool<MySqlConnection>,
    find: Arc<str>,
    replace: Arc<str>,
    delete: Arc<str>,
}

impl MysqlTable {
    pub(super) fn new(address: &str, connections: u32, names: &Names) -> Result<Self, BadDjango> {
        let options = options(address).map_err(|error| BadDjango(error.to_string()))?;
        let pool = Pool::new(options, connections);
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
            let change = change.bind(to).bind(key.as_str()).bind(from).bind(now.seconds());
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

const FIND: &str = "SELECT {data}, CAST(TIMESTAMPDIFF(SECOND, '1970-01-01', {expires}) AS SIGNED) FROM {table} \
    WHERE {key} = ? AND {expires} > TIMESTAMPADD(SECOND, ?, '1970-01-01')";
// Byte by byte: most collations take upper and lower case for the same. The expiry stays: Django alone prolongs a
// session, and tells the browser so.
const REPLACE: &str = "UPDATE {table} SET {data} = ? WHERE {key} = ? \
    AND CAST({data} AS BINARY) = CAST(? AS BINARY) AND {expires} > TIMESTAMPADD(SECOND, ?, '1970-01-01')";
const DELETE: &str = "DELETE FROM {table} WHERE {key} = ?";
