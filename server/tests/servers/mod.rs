//! Servers of other people, as Debian has them, each in a temporary folder and at a free port. Stopped when dropped.
#![expect(dead_code, reason = "each test file starts some of them")]

use core::time::Duration;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Instant;

pub(crate) mod proxy;

/// A server that runs until this is dropped.
pub(crate) struct Running {
    child: Child,
    folder: tempfile::TempDir,
    pub(crate) port: u16,
    /// Its address as a store, with `PORT`.
    address: &'static str,
    /// What is run to stop it, instead of a kill.
    stop: Option<Command>,
}

impl Running {
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its address as a store of ours.
    pub(crate) fn address(&self) -> String {
        self.address_at(self.port)
    }

    /// The same by way of a proxy.
    pub(crate) fn address_at(&self, port: u16) -> String {
        self.address.replace("PORT", &port.to_string())
    }

    /// As a power cut for the process: nothing is told, nothing is written any more.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(stop) = &mut self.stop {
            let _ = stop.output();
        }
        self.kill();
    }
}

pub(crate) fn postgres() -> Running {
    postgres_with(&[])
}

/// With more of its settings, as `name=value`.
pub(crate) fn postgres_with(settings: &[&str]) -> Running {
    let folder = folder();
    done(
        unprivileged(&newest_postgres().join("initdb"), folder.path())
            .args([
                "--no-sync",
                "--auth=trust",
                "--username=edge",
                "--encoding=UTF8",
                "--locale=C",
                "-D",
            ])
            .arg(folder.path().join("data")),
    );
    run_postgres(folder, settings)
}

/// A copy of the one at a port, which follows it until it is promoted.
pub(crate) fn standby_of_postgres(port: u16) -> Running {
    let folder = folder();
    done(
        unprivileged(&newest_postgres().join("pg_basebackup"), folder.path())
            .args(["--no-sync", "--checkpoint=fast", "--write-recovery-conf"])
            .args(["-h", "127.0.0.1", "-U", "edge", "-p", &port.to_string()])
            .arg("-D")
            .arg(folder.path().join("data")),
    );
    run_postgres(folder, &[])
}

/// From now on it is the first.
pub(crate) fn promote_postgres(standby: &Running) {
    done(
        unprivileged(&newest_postgres().join("pg_ctl"), standby.folder())
            .arg("-D")
            .arg(standby.folder().join("data"))
            .args(["promote", "--wait"]),
    );
}

fn run_postgres(folder: tempfile::TempDir, settings: &[&str]) -> Running {
    let (programs, port) = (newest_postgres(), free_port());
    let data = folder.path().join("data");
    let settings = settings.iter().flat_map(|setting| ["-c", setting]);
    let child = start(
        unprivileged(&programs.join("postgres"), folder.path())
            .arg("-D")
            .arg(&data)
            .args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1"])
            .args([
                "-c",
                "unix_socket_directories=",
                "-c",
                "fsync=off",
                "-c",
                "max_connections=50",
            ])
            .args(settings),
    );
    let mut stop = unprivileged(&programs.join("pg_ctl"), folder.path());
    stop.arg("-D").arg(&data).args(["stop", "-m", "immediate"]);
    wait("PostgreSQL", || {
        let ready = Command::new(programs.join("pg_isready"))
            .args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()])
            .status();
        ready.is_ok_and(|status| status.success())
    });
    Running {
        child,
        folder,
        port,
        address: "postgres://edge@127.0.0.1:PORT/postgres?sslmode=disable",
        stop: Some(stop),
    }
}

pub(crate) fn mariadb() -> Running {
    mariadb_with(&[])
}

/// With more of its settings.
pub(crate) fn mariadb_with(settings: &[&str]) -> Running {
    let (folder, port) = (folder(), free_port());
    let data = folder.path().join("data");
    done(
        unprivileged(
            &program("mariadb-install-db", "mariadb-server"),
            folder.path(),
        )
        .args([
            "--no-defaults",
            "--skip-test-db",
            "--auth-root-authentication-method=normal",
        ])
        .arg(format!("--datadir={}", data.display())),
    );
    let child = start(
        unprivileged(&program("mariadbd", "mariadb-server"), folder.path())
            .args([
                "--no-defaults",
                "--bind-address=127.0.0.1",
                "--innodb-flush-log-at-trx-commit=0",
            ])
            .arg(format!("--port={port}"))
            .arg(format!("--datadir={}", data.display()))
            .arg(format!(
                "--socket={}",
                folder.path().join("socket").display()
            ))
            .args(settings),
    );
    let running = Running {
        child,
        folder,
        port,
        address: "mysql://ada:lovelace@127.0.0.1:PORT/shop",
        stop: None,
    };
    listens("MariaDB", port);
    let client = |statement: &str| {
        let mut client = Command::new(program("mariadb", "mariadb-client"));
        client
            .args([
                "--no-defaults",
                "--protocol=tcp",
                "-h127.0.0.1",
                "-uroot",
                "-e",
                statement,
            ])
            .arg(format!("-P{port}"));
        client
    };
    wait("MariaDB", || {
        client("SELECT 1")
            .output()
            .is_ok_and(|told| told.status.success())
    });
    done(&mut client(
        "CREATE DATABASE shop CHARACTER SET utf8mb4; CREATE USER ada@'%' IDENTIFIED BY 'lovelace'; GRANT ALL ON shop.* TO ada@'%'",
    ));
    running
}

/// With more of its settings.
pub(crate) fn redis(settings: &[&str]) -> Running {
    redis_at(free_port(), settings)
}

pub(crate) fn redis_at(port: u16, settings: &[&str]) -> Running {
    let folder = folder();
    let child = start(
        Command::new(program("redis-server", "redis-server"))
            .args([
                "--port",
                &port.to_string(),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--dir",
            ])
            .arg(folder.path())
            .args(settings),
    );
    listens("Redis", port);
    Running {
        child,
        folder,
        port,
        address: "redis://127.0.0.1:PORT",
        stop: None,
    }
}

/// Three nodes that have all slots among them.
pub(crate) fn redis_cluster() -> Vec<Running> {
    let nodes: Vec<_> = (0..3)
        .map(|_| {
            let bus = free_port().to_string();
            redis(&[
                "--cluster-enabled",
                "yes",
                "--cluster-node-timeout",
                "2000",
                "--cluster-port",
                &bus,
            ])
        })
        .collect();
    let places = nodes.iter().map(|node| format!("127.0.0.1:{}", node.port));
    done(
        Command::new(program("redis-cli", "redis-tools"))
            .args(["--cluster", "create"])
            .args(places)
            .arg("--cluster-yes"),
    );
    for node in &nodes {
        wait("the cluster", || {
            redis_says(node.port, &["cluster", "info"]).contains("cluster_state:ok")
        });
    }
    nodes
}

/// A sentinel that watches the server at a port, as `mymaster`.
pub(crate) fn sentinel(watched: u16) -> Running {
    sentinel_with(watched, |port| format!("port {port}"))
}

/// The same with other settings, which say where it listens.
pub(crate) fn sentinel_with(watched: u16, settings: impl Fn(u16) -> String) -> Running {
    let (folder, port) = (folder(), free_port());
    let file = folder.path().join("sentinel.conf");
    let lines = format!(
        "{}\nbind 127.0.0.1\ndir {}\nsentinel monitor mymaster 127.0.0.1 {watched} 1\n\
        sentinel down-after-milliseconds mymaster 500\nsentinel failover-timeout mymaster 2000\n",
        settings(port),
        folder.path().display()
    );
    fs::write(&file, lines).unwrap();
    let child = start(
        Command::new(program("redis-server", "redis-server"))
            .arg(&file)
            .arg("--sentinel"),
    );
    listens("the sentinel", port);
    Running {
        child,
        folder,
        port,
        address: "redis-sentinel://127.0.0.1:PORT/mymaster",
        stop: None,
    }
}

pub(crate) fn redis_says(port: u16, command: &[&str]) -> String {
    let told = Command::new(program("redis-cli", "redis-tools"))
        .args(["-p", &port.to_string()])
        .args(command)
        .output()
        .unwrap();
    String::from_utf8_lossy(&told.stdout).into_owned()
}

pub(crate) fn memcached(settings: &[&str]) -> Running {
    let (folder, port) = (folder(), free_port());
    let child = start(
        Command::new(program("memcached", "memcached"))
            .args(["-l", "127.0.0.1", "-p", &port.to_string(), "-u", "nobody"])
            .args(settings),
    );
    listens("Memcached", port);
    Running {
        child,
        folder,
        port,
        address: "memcached://127.0.0.1:PORT",
        stop: None,
    }
}

/// Who vouches for servers at this machine, and one certificate, in files that every server here may read.
pub(crate) struct Certificates(tempfile::TempDir);

impl Certificates {
    pub(crate) fn new() -> Self {
        let certificates = Self(folder());
        let (folder, openssl) = (certificates.0.path(), program("openssl", "openssl"));
        let made = |arguments: &str| {
            let mut openssl = unprivileged(&openssl, folder);
            done(openssl.args(arguments.split(' ')));
        };
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2";
        made(&format!(
            "req -x509 {key} -subj /CN=edge-session -keyout ca.key -out ca.pem"
        ));
        made(&format!(
            "req -x509 {key} -subj /CN=localhost -CA ca.pem -CAkey ca.key -keyout own.key -out own.pem \
            -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE"
        ));
        certificates
    }

    /// `ca.pem`, `own.pem` or `own.key`.
    pub(crate) fn file(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }
}

/// A port that nobody listens at.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::Builder::new()
        .prefix("edge-session-")
        .tempdir()
        .unwrap();
    if is_root() {
        chown(folder.path(), Some(NOBODY), Some(NOBODY)).unwrap();
    }
    folder
}

/// A program that does not start for root.
fn unprivileged(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).env("HOME", folder);
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

const NOBODY: u32 = 65_534;

fn start(command: &mut Command) -> Child {
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    child.unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

fn done(command: &mut Command) {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let told = [output.stdout, output.stderr].concat();
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&told)
    );
}

fn listens(who: &str, port: u16) {
    wait(who, || TcpStream::connect(("127.0.0.1", port)).is_ok());
}

pub(crate) fn wait(who: &str, is_ready: impl Fn() -> bool) {
    let started = Instant::now();
    while !is_ready() {
        assert!(
            started.elapsed() < Duration::from_secs(60),
            "{who} does not start"
        );
        sleep(Duration::from_millis(20));
    }
}

/// Where a program is; never skipped when it is missing.
fn program(name: &str, package: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain([PathBuf::from("/usr/sbin")])
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
        .unwrap_or_else(|| {
            panic!("{name} is missing: scripts/setup.sh test, or apt-get install {package}")
        })
}

/// The folder of PostgreSQL's programs, which Debian keeps out of PATH.
fn newest_postgres() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    versions
        .map(|version| version.path().join("bin"))
        .filter(|programs| programs.join("initdb").is_file())
        .max()
        .unwrap_or_else(|| {
            let programs = program("initdb", "postgresql");
            programs.parent().map(Path::to_path_buf).unwrap_or_default()
        })
}
