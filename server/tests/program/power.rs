//! The power fails: what was not synced is gone. The system's calls are watched, and at no moment may that matter.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::running::{Running, frame, name};

/// What a machine has on its disk for certain, as its calls tell.
#[derive(Default)]
struct Disk {
    /// Files with content that is not synced.
    dirty: HashSet<PathBuf>,
    /// Names that their folder may not have after a failure, by folder.
    unsure: HashMap<PathBuf, HashSet<PathBuf>>,
    kept: usize,
    confirmed: usize,
}

impl Disk {
    fn names(&mut self, path: &Path) {
        let folder = path.parent().unwrap().to_owned();
        self.unsure
            .entry(folder)
            .or_default()
            .insert(path.to_owned());
    }

    fn unsure(&self) -> Vec<&PathBuf> {
        // What is unfinished may be gone.
        let kept = self.unsure.values().flatten();
        kept.filter(|path| !path.to_string_lossy().contains("/unfinished/"))
            .collect()
    }

    /// One call that has returned, as strace writes it.
    fn call(&mut self, line: &str) {
        let quoted: Vec<_> = line
            .split('"')
            .skip(1)
            .step_by(2)
            .map(PathBuf::from)
            .collect();
        let opened = line
            .split_once('<')
            .and_then(|(_, rest)| rest.split_once('>'));
        let opened = opened.map(|(path, _)| PathBuf::from(path));
        let call = line.split('(').next().unwrap_or_default();
        if line.contains("HTTP/1.1 20") {
            assert_eq!(
                self.unsure(),
                Vec::<&PathBuf>::new(),
                "confirmed, and not sure on the disk"
            );
            self.confirmed += 1;
        } else if line.contains(" = -1 ") {
        } else if call.starts_with("write") || call.starts_with("pwrite") {
            self.dirty.extend(opened);
        } else if call.contains("sync") {
            let opened = opened.unwrap();
            self.dirty.remove(&opened);
            self.unsure.remove(&opened);
        } else if call.starts_with("rename") {
            let [from, to] = &quoted[..] else {
                panic!("{line}")
            };
            assert!(
                !self.dirty.contains(from),
                "{to:?} has a name before it has its content"
            );
            if to.extension().is_some_and(|extension| extension == "head") {
                assert_eq!(
                    self.unsure(),
                    Vec::<&PathBuf>::new(),
                    "a head names what may be gone"
                );
            }
            self.names(to);
            self.kept += 1;
        } else if call.starts_with("mkdir") {
            self.names(&quoted[0]);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_confirmed_is_on_the_disk_before_anybody_is_told() {
    let mut running = Running::folder("store = \"file:FOLDER/s\"\nclean_seconds = 0");
    let calls = "trace=write,writev,pwrite64,sendto,sendmsg,fsync,fdatasync,rename,renameat,renameat2,mkdir,mkdirat";
    let found = std::process::Command::new("strace").arg("-V").output();
    assert!(found.is_ok(), "strace is missing: apt-get install strace");
    running.start_by(&["strace", "-f", "-y", "-s", "16", "-o", "calls", "-e", calls]);
    running.line("store_open");
    let mut client = running.client().await;
    for turn in 1..40 {
        let session = turn % 7;
        let record = name(session, turn);
        let save = json!({
            "ask": "commit",
            "record": { "name": record.to_text(), "frame": base64(&frame(turn, 5_000)) },
            "from": name(session, turn.saturating_sub(7)).to_text(),
            "to": { "record": record.to_text(), "cookie": "c" },
            "expires": 4_000_000_000_u64,
            "listed": [],
            "now": 1_800_000_000,
        });
        let path = format!("/heads/{}", name(session, 0));
        let saved = client
            .ask("PUT", &path, save.to_string().as_bytes())
            .await
            .unwrap();
        assert!(
            saved.0 == 200 && saved.1.starts_with(b"{\"outcome\":\"saved\""),
            "{saved:?}"
        );
        let path = format!("/revocations/{}", name(100 + turn, 1));
        assert_eq!(
            client.ask("PUT", &path, &frame(turn, 30)).await.unwrap().0,
            204
        );
    }
    // The server ends, and strace with it.
    let id = std::fs::read_to_string(running.path("calls")).unwrap();
    let id = id.split_whitespace().next().unwrap().to_owned();
    std::process::Command::new("kill")
        .args(["-TERM", &id])
        .status()
        .unwrap();
    running.line("stopped");
    running.wait();

    let root = running.path("s").parent().unwrap().display().to_string();
    let mut disk = Disk::default();
    let mut begun = HashMap::new();
    for line in std::fs::read_to_string(running.path("calls"))
        .unwrap()
        .lines()
    {
        let (thread, call) = line.split_once(' ').unwrap();
        let call = call.trim_start();
        let whole = if let Some(begin) = call.strip_suffix(" <unfinished ...>") {
            begun.insert(thread.to_owned(), begin.to_owned());
            continue;
        } else if call.starts_with("<... ") {
            let rest = call.split_once("resumed>").unwrap().1;
            begun.remove(thread).unwrap_or_default() + rest
        } else {
            call.to_owned()
        };
        if whole.contains(&root) || whole.contains("HTTP/1.1 20") {
            disk.call(&whole);
        }
    }
    assert_eq!((disk.confirmed, disk.kept), (78, 39 * 3));
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(bytes)
}
