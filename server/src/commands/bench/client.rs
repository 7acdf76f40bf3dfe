use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::commands::Failed;

/// One connection, made anew when the server has closed it.
pub(super) struct Client {
    address: String,
    connection: SendRequest<Full<Bytes>>,
}

impl Client {
    pub(super) async fn connect(address: &str) -> Result<Self, Failed> {
        Ok(Self {
            address: address.to_owned(),
            connection: connect(address).await?,
        })
    }

    /// Asks, and reads all of the answer.
    pub(super) async fn ask(&mut self, request: Request<Full<Bytes>>) -> Result<(), Failed> {
        // Some servers close after each answer: that belongs to what they cost.
        if self.connection.ready().await.is_err() {
            self.connection = connect(&self.address).await?;
        }
        let path = request.uri().path().to_owned();
        let answer = self.connection.send_request(request).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await?;
        if status.is_success() {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&body.to_bytes()).into_owned();
        Err(Failed(format!("{path} answered {status}: {text}")))
    }
}

async fn connect(address: &str) -> Result<SendRequest<Full<Bytes>>, Failed> {
    let stream = TcpStream::connect(address).await;
    let stream = stream.map_err(|error| Failed(format!("nobody listens at {address}: {error}")))?;
    stream.set_nodelay(true)?;
    let (connection, work) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(work);
    Ok(connection)
}
