//! What can go wrong between two machines: a line that is cut, hangs, is slow, or breaks off in the middle of an answer.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicU16, Ordering};
use core::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::sleep;

/// What happens to what is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line {
    Well,
    /// Every connection is closed, and new ones at once.
    Cut,
    /// Nothing arrives, and nobody is told.
    Hangs,
    /// Each piece comes so many milliseconds late.
    Slow(u64),
    /// Of the answers so many bytes arrive, then the connection is closed.
    Half(usize),
}

/// A line to a server at this machine.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    line: Arc<watch::Sender<Line>>,
    to: Arc<AtomicU16>,
}

impl Proxy {
    pub(crate) async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (line, seen) = watch::channel(Line::Well);
        let to = Arc::new(AtomicU16::new(port));
        let proxy = Self {
            port: listener.local_addr().unwrap().port(),
            line: Arc::new(line),
            to: Arc::clone(&to),
        };
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(connection(near, to.load(Ordering::Relaxed), seen.clone()));
            }
        });
        proxy
    }

    /// New connections lead to another server; those there are, stay.
    pub(crate) fn lead_to(&self, port: u16) {
        self.to.store(port, Ordering::Relaxed);
    }

    pub(crate) fn set(&self, line: Line) {
        self.line.send_replace(line);
    }
}

async fn connection(near: TcpStream, port: u16, line: watch::Receiver<Line>) {
    let mut cut = line.clone();
    let Ok(far) = TcpStream::connect(("127.0.0.1", port)).await else {
        return;
    };
    let _ = (near.set_nodelay(true), far.set_nodelay(true));
    let (near_read, near_write) = near.into_split();
    let (far_read, far_write) = far.into_split();
    tokio::select! {
        () = pass(near_read, far_write, line.clone(), false) => {}
        () = pass(far_read, near_write, line, true) => {}
        _ = cut.wait_for(|line| *line == Line::Cut) => {}
    }
}

async fn pass(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    mut line: watch::Receiver<Line>,
    is_answer: bool,
) {
    let mut bytes = vec![0; 16 * 1024];
    let mut left = usize::MAX;
    loop {
        let Ok(read @ 1..) = from.read(&mut bytes).await else {
            return;
        };
        let now = *line.borrow();
        let mut piece = &bytes[..read];
        match now {
            Line::Slow(milliseconds) => sleep(Duration::from_millis(milliseconds)).await,
            Line::Hangs => drop(line.wait_for(|line| *line != Line::Hangs).await),
            Line::Half(most) if is_answer => {
                left = left.min(most);
                piece = &piece[..read.min(left)];
                left -= piece.len();
            }
            Line::Well | Line::Cut | Line::Half(_) => {}
        }
        if to.write_all(piece).await.is_err() || left == 0 {
            return;
        }
    }
}
