use worker::web_sys;

/// Where a request went, as the runtime's own URL parser reads it. (The `url` crate would bring
/// 250 KB of tables for international host names into the module.)
pub(crate) struct Location {
    /// `https`, without the colon.
    pub(crate) scheme: String,
    /// Host and port as the browser wrote them.
    pub(crate) host: String,
    /// The path, percent-encoded as it came, dots resolved.
    pub(crate) path: String,
    /// The query with its `?`, or nothing.
    pub(crate) query: String,
}

impl Location {
    pub(crate) fn of(request: &web_sys::Request) -> worker::Result<Self> {
        let url = web_sys::Url::new(&request.url())?;
        Ok(Self {
            scheme: url.protocol().trim_end_matches(':').to_owned(),
            host: url.host(),
            path: url.pathname(),
            query: url.search(),
        })
    }
}
