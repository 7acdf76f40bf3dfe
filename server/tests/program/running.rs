//! A server that runs, and a client of its.

use core::time::Duration;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

use bytes::Bytes;
use edge_session_server::clock::now;
use edge_session_server::http::of_request;
use edge_session_server::settings::Key;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use session_codec::StoreName;
use session_store::{Framed, Record};
use tempfile::TempDir;
use tokio::net::TcpStream;

pub(crate) const KEY: &str = "es1_5FkP2m3VYQeT0oXg8uJr1LhZcWn6aBsD9iKtEwMvRyU";

/// A folder with settings, and the server that has them.
pub(crate) struct Running {
    folder: TempDir,
    child: Option<Child>,
    lines: Option<Receiver<String>>,
    pub(crate) address: String,
    pub(crate) operator: String,
}

impl Running {
    /// A folder alone; `settings` are TOML, in which `FOLDER` stands for it.
    pub(crate) fn folder(settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let running = Self {
            folder,
            child: None,
            lines: None,
            address: String::new(),
            operator: String::new(),
        };
        running.set(settings);
        running
    }

    /// Other settings, from the next start on.
    pub(crate) fn set(&self, settings: &str) {
        let text = format!(
            "listen = \"127.0.0.1:0\"\noperator = \"127.0.0.1:0\"\nlog = \"json\"\nkeys = [\"{KEY}\"]\n{}",
            settings.replace("FOLDER", &self.folder.path().display().to_string())
        );
        std::fs::write(self.path("server.toml"), text).unwrap();
    }

    /// The server, which listens; its store may not be open yet.
    pub(crate) fn start(settings: &str) -> Self {
        let mut running = Self::folder(settings);
        running.start_again();
        running
    }

    pub(crate) fn start_again(&mut self) {
        self.start_by(&[]);
    }

    /// By way of another program.
    pub(crate) fn start_by(&mut self, before: &[&str]) {
        let server = self.command(&["serve"]);
        let mut words = before.iter().map(OsStr::new).chain([server.get_program()]);
        let mut command = Command::new(words.next().unwrap());
        command.args(words).args(server.get_args());
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap());
        command.current_dir(self.folder.path());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (tell, lines) = channel();
        std::thread::spawn(move || {
            for line in stderr.lines() {
                let _ = tell.send(line.unwrap());
            }
        });
        self.child = Some(child);
        self.lines = Some(lines);
        let line = self.line("listening");
        let place = |name: &str| {
            line[name]
                .as_str()
                .unwrap_or_default()
                .replace("http://", "")
        };
        (self.address, self.operator) = (place("at"), place("operator"));
    }

    /// As [`Self::start`], and the store is open.
    pub(crate) fn open(settings: &str) -> Self {
        let running = Self::start(settings);
        running.line("store_open");
        running
    }

    /// The next log line with this message.
    pub(crate) fn line(&self, message: &str) -> serde_json::Value {
        let lines = self.lines.as_ref().unwrap();
        loop {
            let line = lines.recv_timeout(Duration::from_secs(20));
            let line = line.unwrap_or_else(|_| panic!("the server does not say {message}"));
            let line: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
            if line["message"] == message {
                return line;
            }
        }
    }

    /// The log lines until it has ended.
    pub(crate) fn rest(&self) -> Vec<serde_json::Value> {
        let lines = self.lines.as_ref().unwrap().iter();
        lines
            .map(|line| serde_json::from_str(&line).unwrap_or_default())
            .collect()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_edge-session-server"));
        command.env_clear().current_dir(self.folder.path());
        command.args(["--settings", "server.toml"]).args(arguments);
        command
    }

    /// Runs a command to its end: exit code, what it said, what it complained of.
    pub(crate) fn run(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        told(&self.command(arguments).output().unwrap())
    }

    pub(crate) fn signal(&self, signal: &str) {
        let id = self.child.as_ref().unwrap().id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status().unwrap();
        assert!(sent.success());
    }

    pub(crate) fn wait(&mut self) -> Option<i32> {
        let mut child = self.child.take().unwrap();
        child.wait().unwrap().code()
    }

    pub(crate) async fn client(&self) -> Client {
        Client::connect(&self.address).await.unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

pub(crate) fn told(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

/// One connection to a server.
pub(crate) struct Client(SendRequest<Full<Bytes>>);

impl Client {
    pub(crate) async fn connect(address: &str) -> Option<Self> {
        let stream = TcpStream::connect(address).await.ok()?;
        let (send, work) = handshake(TokioIo::new(stream)).await.ok()?;
        tokio::spawn(work);
        Some(Self(send))
    }

    /// Asks as a Worker does. None is an answer that never came.
    pub(crate) async fn ask(
        &mut self,
        method: &str,
        path: &str,
        body: &[u8],
    ) -> Option<(u16, Bytes)> {
        self.send(asking(method, path, body)).await
    }

    pub(crate) async fn plain(&mut self, path: &str) -> Option<(u16, Bytes)> {
        let request = Request::get(path).header("host", "a");
        self.send(request.body(Full::default()).unwrap()).await
    }

    pub(crate) async fn send(&mut self, request: Request<Full<Bytes>>) -> Option<(u16, Bytes)> {
        self.0.ready().await.ok()?;
        let answer = self.0.send_request(request).await.ok()?;
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.ok()?;
        Some((status, body.to_bytes()))
    }
}

/// A request as a Worker makes it.
pub(crate) fn asking(method: &str, path: &str, body: &[u8]) -> Request<Full<Bytes>> {
    let key = Key::try_from(KEY.to_owned()).unwrap();
    let time = now().seconds().to_string();
    let bare = path.split('?').next().unwrap();
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "a");
    let request = request.header("x-store-mac", of_request(&key, method, bare, &time, body));
    let request = request.header("x-store-time", time);
    request.body(Full::from(body.to_vec())).unwrap()
}

/// Waits for what comes soon.
pub(crate) async fn soon<F: Future<Output = bool>>(what: &str, mut is_so: impl FnMut() -> F) {
    let begun = Instant::now();
    while !is_so().await {
        assert!(begun.elapsed() < Duration::from_secs(20), "never: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A frame that lives an hour, of so many bytes.
pub(crate) fn frame(seed: u64, bytes: usize) -> Vec<u8> {
    let content = seed.to_be_bytes().into_iter().cycle().take(bytes).collect();
    let expires = now().after(Duration::from_secs(3600));
    Framed::write(&Record::new(content).unwrap(), expires)
}

/// A name of session and turn; all of a session begin alike.
pub(crate) fn name(session: u64, turn: u64) -> StoreName {
    let mut hash = [0; 24];
    hash[..8].copy_from_slice(&session.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    hash[12..20].copy_from_slice(&turn.to_be_bytes());
    StoreName::new(hash)
}
