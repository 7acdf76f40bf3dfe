//! A request's body, as much of it as is allowed.

use futures_util::StreamExt;
use worker::{Headers, web_sys};

/// Why there is no body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyError {
    /// Longer than the limit.
    TooLarge,
    /// It broke off.
    Broken,
}

/// Reads the body, at most `limit` octets whatever the client says of its length.
pub(crate) async fn read(request: web_sys::Request, limit: usize) -> Result<Vec<u8>, BodyError> {
    let length = Headers(request.headers()).get("content-length");
    let length = length.ok().flatten().and_then(|length| length.parse().ok());
    if length.is_some_and(|length: usize| length > limit) {
        return Err(BodyError::TooLarge);
    }
    let mut body = Vec::new();
    if request.body().is_none() {
        return Ok(body);
    }
    let mut request = worker::Request::from(request);
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
