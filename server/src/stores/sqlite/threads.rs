use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use core::time::Duration;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use rusqlite::{Connection, ErrorCode, OpenFlags};
use session_store::StoreError;
use tokio::sync::oneshot;

use super::{about, rows::SCHEMA};
use crate::stores::Columns;

/// Jobs that may wait for a thread: beyond that the server is busy, and says so.
const WAITING: usize = 1024;
/// Writes in one transaction.
const TOGETHER: usize = 256;
/// Threads that read.
const READERS: usize = 4;
/// How long another process, which cleans or copies, may keep the file to itself.
const PATIENCE: Duration = Duration::from_secs(1);

/// The threads that have the file open.
pub(super) struct Threads {
    writer: SyncSender<Write>,
    readers: Vec<SyncSender<Read>>,
    next: AtomicUsize,
}

type Read = Box<dyn FnOnce(&Connection) + Send>;
type Write = Box<dyn Job + Send>;

/// What is written, and who is told once it is kept or not.
trait Job {
    /// Writes, inside of a savepoint; whether that is to be undone.
    fn run(&mut self, file: &Connection) -> Result<(), Undo>;

    /// Tells what came of it, or why nothing did.
    fn tell(self: Box<Self>, failed: Option<&StoreError>);
}

struct Undo;

struct Writing<W, A> {
    work: Option<W>,
    answer: Option<Result<A, StoreError>>,
    tell: oneshot::Sender<Result<A, StoreError>>,
}

impl<A, E, W> Job for Writing<W, A>
where
    E: Into<Failure>,
    W: FnOnce(&Connection) -> Result<A, E>,
{
    fn run(&mut self, file: &Connection) -> Result<(), Undo> {
        let Some(work) = self.work.take() else {
            return Ok(());
        };
        let answer = work(file).map_err(|failure| StoreError::from(failure.into()));
        let done = answer.as_ref().map(drop).map_err(|_| Undo);
        self.answer = Some(answer);
        done
    }

    fn tell(self: Box<Self>, failed: Option<&StoreError>) {
        let answer = match (failed, self.answer) {
            // What it was refused for by itself is what its caller has to know.
            (_, Some(Err(error))) => Err(error),
            (Some(error), _) => Err(error.clone()),
            (None, answer) => answer.unwrap_or_else(|| Err(stopped())),
        };
        // Nobody may wait for it any more.
        let _ = self.tell.send(answer);
    }
}

/// Why a job gives no answer.
pub(super) enum Failure {
    File(rusqlite::Error),
    Store(StoreError),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::File(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Store(error) => error,
            Failure::File(error) => reason(&error),
        }
    }
}

fn reason(error: &rusqlite::Error) -> StoreError {
    let cure = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => "; make room on the disk",
        Some(ErrorCode::ReadOnly) => "; the file and its folder must be writable for this user",
        Some(ErrorCode::CannotOpen) => "; the folder must exist and be writable for this user",
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            "; name another file, or put back a copy"
        }
        _ => "",
    };
    let reason = format!("SQLite: {error}{cure}").into();
    StoreError::Unavailable { reason }
}

impl Threads {
    /// Opens the file, makes its tables, and starts the threads.
    pub(super) fn start(path: &Path, columns: Columns) -> Result<Self, StoreError> {
        let writing = open(
            path,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
        );
        let writing = writing.and_then(|file| {
            // The size counts when the file is made; synced, because what is confirmed has to survive the machine.
            file.execute_batch(
                "PRAGMA page_size = 8192;
                 PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;",
            )?;
            file.execute_batch(SCHEMA)?;
            if !columns.are_none() {
                file.execute_batch(about::SCHEMA)?;
            }
            Ok(file)
        });
        let writing = writing.map_err(|error| reason(&error))?;
        let (writer, jobs) = sync_channel(WAITING);
        spawn("sqlite-write", move || write_all(&writing, &jobs))?;
        let mut readers = Vec::with_capacity(READERS);
        for _ in 0..READERS {
            let reading =
                open(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(|error| reason(&error))?;
            let (reader, jobs) = sync_channel::<Read>(WAITING);
            spawn("sqlite-read", move || {
                for job in jobs {
                    job(&reading);
                }
            })?;
            readers.push(reader);
        }
        Ok(Self {
            writer,
            readers,
            next: AtomicUsize::new(0),
        })
    }

    pub(super) async fn read<A, E>(
        &self,
        job: impl FnOnce(&Connection) -> Result<A, E> + Send + 'static,
    ) -> Result<A, StoreError>
    where
        A: Send + 'static,
        E: Into<Failure>,
    {
        let (tell, told) = oneshot::channel();
        let reader = self.next.fetch_add(1, Relaxed) % self.readers.len();
        let job: Read = Box::new(move |file| {
            let answer = job(file).map_err(|failure| StoreError::from(failure.into()));
            // Nobody may wait for it any more.
            let _ = tell.send(answer);
        });
        send(&self.readers[reader], job)?;
        told.await.map_err(|_| stopped())?
    }

    pub(super) async fn write<A, E>(
        &self,
        job: impl FnOnce(&Connection) -> Result<A, E> + Send + 'static,
    ) -> Result<A, StoreError>
    where
        A: Send + 'static,
        E: Into<Failure>,
    {
        let (tell, told) = oneshot::channel();
        let job = Box::new(Writing {
            work: Some(job),
            answer: None,
            tell,
        });
        send(&self.writer, job)?;
        told.await.map_err(|_| stopped())?
    }
}

fn send<J>(thread: &SyncSender<J>, job: J) -> Result<(), StoreError> {
    thread.try_send(job).map_err(|error| match error {
        TrySendError::Full(_) => StoreError::Unavailable {
            reason: "SQLite: more requests than the disk can follow".into(),
        },
        TrySendError::Disconnected(_) => stopped(),
    })
}

fn stopped() -> StoreError {
    StoreError::Unavailable {
        reason: "SQLite: its thread has stopped".into(),
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), StoreError> {
    let thread = std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(work);
    thread.map(drop).map_err(|error| StoreError::Unavailable {
        reason: format!("no thread could be started: {error}").into(),
    })
}

fn open(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let file = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    file.busy_timeout(PATIENCE)?;
    // Kilobytes; each thread has its own, and the system's cache is behind it.
    file.pragma_update(None, "cache_size", -1024)?;
    Ok(file)
}

fn write_all(file: &Connection, jobs: &Receiver<Write>) {
    while let Ok(first) = jobs.recv() {
        let jobs = core::iter::once(first).chain(jobs.try_iter());
        let mut jobs: Vec<_> = jobs.take(TOGETHER).collect();
        let kept = together(file, &mut jobs);
        if kept.is_err() && !file.is_autocommit() {
            // Nothing of it is kept, and a transaction that is still open must not take the next ones in.
            let _ = file.execute_batch("ROLLBACK");
        }
        let failed = kept.err().map(|error| reason(&error));
        for job in jobs {
            job.tell(failed.as_ref());
        }
    }
}

/// All jobs in one transaction, each undone by itself if it fails.
fn together(file: &Connection, jobs: &mut [Write]) -> rusqlite::Result<()> {
    let run = |statement| file.prepare_cached(statement)?.execute([]).map(drop);
    run("BEGIN IMMEDIATE")?;
    for job in jobs {
        run("SAVEPOINT one")?;
        if let Err(Undo) = job.run(file) {
            run("ROLLBACK TO one")?;
        }
        run("RELEASE one")?;
    }
    run("COMMIT")
}
