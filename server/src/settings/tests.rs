use super::*;

const KEY: &str = "es1_5FkP2m3VYQeT0oXg8uJr1LhZcWn6aBsD9iKtEwMvRyU";

fn read(file: &str, environment: &[(&str, &str)]) -> Result<Settings, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("server.toml");
    std::fs::write(&path, file).unwrap();
    let environment = environment
        .iter()
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    Settings::read(Some(&path), environment).map_err(|wrong| wrong.to_string())
}

#[test]
fn nothing_has_to_be_said_but_the_key() {
    let settings = Settings::read(None, core::iter::empty()).unwrap();
    assert_eq!(settings.store.to_string(), "sqlite:sessions.sqlite3");
    let wrong = settings.some_keys().unwrap_err().to_string();
    assert!(wrong.contains("edge-session keygen"), "{wrong}");
}

#[test]
fn the_environment_counts_more_than_the_file() {
    let keys = format!("{KEY} {KEY}");
    let environment = [
        ("EDGE_SESSION_SERVER_STORE", "sqlite:b"),
        ("EDGE_SESSION_SERVER_CLIENTS", "5"),
        ("EDGE_SESSION_SERVER_CACHE_USERS_ONLY", "true"),
        ("EDGE_SESSION_SERVER_COLUMNS", "user created"),
        ("SESSION_ORIGIN_STORE_KEY", keys.as_str()),
        ("PATH", "/bin"),
    ];
    let settings = read("store = \"sqlite:a\"\nlog = \"json\"", &environment).unwrap();
    assert!(settings.cache_users_only);
    let Columns {
        user, ip, created, ..
    } = settings.columns;
    assert_eq!((user, ip, created), (true, false, true));
    assert_eq!(settings.store.to_string(), "sqlite:b");
    assert_eq!((settings.clients, settings.log), (5, LogFormat::Json));
    assert_eq!(settings.some_keys().unwrap().len(), 2);
    assert!(!format!("{settings:?}").contains("5FkP"));
}

#[test]
fn traces_go_where_the_standard_says_unless_our_own_setting_does() {
    let at = |environment: &[_]| read("traces = \"http://a\"", environment).unwrap().traces;
    let collector = |text: &str| Some(text.to_owned().try_into().unwrap());
    let (standard, own) = (
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://b"),
        ("EDGE_SESSION_SERVER_TRACES", "http://c"),
    );
    assert_eq!(at(&[]), collector("http://a"));
    assert_eq!(at(&[standard]), collector("http://b"));
    assert_eq!(at(&[own, standard]), collector("http://c"));
    assert_eq!(
        read("", &[("OTEL_EXPORTER_OTLP_ENDPOINT", "")])
            .unwrap()
            .traces,
        None
    );
}

#[test]
fn what_is_wrong_is_said_with_the_cure() {
    for (file, told) in [
        ("stor = \"sqlite:a\"", "unknown field `stor`"),
        ("store = \"oracle:a\"", "no store is called oracle:"),
        ("store = 5", "string"),
        ("listen = \"0.0.0.0:80\"", "without TLS"),
        ("listen = \"here\"", "neither address:port nor unix:/path"),
        ("operator = \"0.0.0.0:80\"", "operator has no TLS"),
        ("tls_key = \"a\"", "belong together"),
        ("keys = [\"es1_short\"]", "edge-session keygen"),
        ("clients = 0", "at least"),
        ("cache_writes = \"never\"", "through"),
        ("columns = [\"name\"]", "unknown variant `name`"),
        (
            "store = \"file:a\"\ncolumns = [\"ip\"]",
            "columns are kept in the tables",
        ),
        (
            "cache_hot_only = true\ncache_writes = \"behind\"",
            "contradict",
        ),
        ("traces = \"https://collector\"", "over plain HTTP"),
        ("[", "server.toml"),
    ] {
        let wrong = read(file, &[]).unwrap_err();
        assert!(wrong.contains(told), "{file}: {wrong}");
    }
    let wrong = Settings::read(Some(Path::new("/nowhere.toml")), core::iter::empty());
    assert!(wrong.unwrap_err().to_string().contains("/nowhere.toml"));
}

#[test]
fn every_setting_is_documented() {
    let wrong = read("none = 1", &[]).unwrap_err();
    let (_, known) = wrong.split_once("expected one of ").unwrap();
    let known: Vec<_> = known.split('`').skip(1).step_by(2).collect();
    let documented = include_str!("../../../docs/SERVER.md");
    for name in &known {
        assert!(documented.contains(&format!("`{name}`")), "{name}");
    }
    assert!(known.len() > 10);
}
