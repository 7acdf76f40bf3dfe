use std::io::{Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A Python process with the real Django: see `django_reader.py` for what it is asked and answers.
pub struct Django {
    _child: Child,
    asks: ChildStdin,
    answers: ChildStdout,
}

/// What Django made of a text.
pub enum Answer {
    /// `json.dumps` of what it loaded.
    Loaded(String),
    /// The same, and reading it is not asked of us: not what Django writes.
    Unusual(String),
    /// It raised.
    Refused,
}

impl Django {
    /// Starts it with `PYTHON`, which scripts/fuzz.sh sets.
    ///
    /// # Panics
    /// If it does not start: a comparison with nobody would find nothing.
    pub fn start(key: &str, salt: &str) -> Self {
        let python = std::env::var("PYTHON").expect("PYTHON names an interpreter with Django");
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/django_reader.py");
        let mut child = Command::new(python)
            .args([script, key, salt])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python starts");
        let asks = child.stdin.take().expect("it is piped");
        let answers = child.stdout.take().expect("it is piped");
        Self {
            _child: child,
            asks,
            answers,
        }
    }

    /// `signing.loads(signed, …)`
    pub fn loads(&mut self, signed: &str) -> Answer {
        match self.ask(b'l', signed) {
            (b'l', json) => Answer::Loaded(json),
            (b'u', json) => Answer::Unusual(json),
            (b'r', _) => Answer::Refused,
            (other, text) => panic!("{}: {text}", char::from(other)),
        }
    }

    /// `signing.dumps(json.loads(json), compress=True, …)`; `None` if `json` is none.
    pub fn dumps(&mut self, json: &str) -> Option<String> {
        match self.ask(b'd', json) {
            (b'd', signed) => Some(signed),
            (b'r', _) => None,
            (other, text) => panic!("{}: {text}", char::from(other)),
        }
    }

    fn ask(&mut self, what: u8, text: &str) -> (u8, String) {
        let mut message = vec![what];
        message.extend_from_slice(
            &u32::try_from(text.len())
                .expect("it is short")
                .to_be_bytes(),
        );
        message.extend_from_slice(text.as_bytes());
        self.asks.write_all(&message).expect("Django listens");
        self.asks.flush().expect("Django listens");
        let mut head = [0; 5];
        self.answers.read_exact(&mut head).expect("Django answers");
        let [kind, length @ ..] = head;
        let mut text = vec![0; u32::from_be_bytes(length) as usize];
        self.answers.read_exact(&mut text).expect("Django answers");
        (
            kind,
            String::from_utf8(text).expect("Django answers in ASCII"),
        )
    }
}
