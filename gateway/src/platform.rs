use alloc::sync::Arc;
use core::time::Duration;

use session_store::{SessionStore, StoreError};

use crate::{device::PublicKey, revocation::DataCentre, rows::Rows};

/// What a request has to ask of where it runs. Its futures are `Send` where those of the
/// implementation are.
pub trait Platform: Clone {
    /// Where records are kept.
    type Store: SessionStore;
    /// What others of the same data centre know.
    type DataCentre: DataCentre + Clone;
    /// Where a site keeps its sessions itself.
    type Rows: Rows;

    /// The store of the settings; `None`: there is none.
    ///
    /// # Errors
    /// If it cannot be opened now.
    fn store(&self) -> Result<Option<Arc<Self::Store>>, StoreError>;

    /// Where the site keeps its sessions, for [`crate::site::Protocol::Rows`].
    ///
    /// # Errors
    /// If it cannot be opened now.
    fn rows(&self) -> Result<Arc<Self::Rows>, StoreError>;

    /// What others of the same data centre know.
    fn data_centre(&self) -> Self::DataCentre;

    /// Waits so long.
    fn pause(&self, time: Duration) -> impl Future<Output = ()>;

    /// Whether `signature` (`r | s`) over `signed` is one of this key (`x | y`) by ECDSA with P-256
    /// and SHA-256 (ES256); false as well for a key that is no point of the curve. `None`: that
    /// cannot be found out here.
    fn is_signed(
        &self,
        key: &PublicKey,
        signed: &[u8],
        signature: &[u8; 64],
    ) -> impl Future<Output = Option<bool>>;

    /// Whether the origin answers at all to a request without anything of a visitor's.
    fn origin_is_up(&self) -> impl Future<Output = bool>;
}
