use futures_util::StreamExt;
use session_gateway::{Body, BodyError};
use worker::web_sys;

/// The body of a request in the platform's hands.
pub(crate) struct RequestBody(pub(crate) web_sys::Request);

impl Body for RequestBody {
    async fn read(self, limit: usize) -> Result<Vec<u8>, BodyError> {
        let mut body = Vec::new();
        if self.0.body().is_none() {
            return Ok(body);
        }
        let mut request = worker::Request::from(self.0);
        let mut chunks = request.stream().map_err(|_| BodyError::Broken)?;
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|_| BodyError::Broken)?;
            if body.len() + chunk.len() > limit {
                return Err(BodyError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}
