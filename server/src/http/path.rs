use session_codec::StoreName;

use crate::django::SessionKey;

/// What a request is about: the last two segments of its path. Before them may stand whatever a proxy
/// or `SESSION_ORIGIN_STORE_URL` has there; the proof covers all of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Path {
    Record(StoreName),
    Revocation(StoreName),
    Head(StoreName),
    DjangoSession(SessionKey),
    Other,
}

impl Path {
    pub(super) fn of(path: &str) -> Self {
        let mut segments = path.rsplit('/');
        let last = segments.next().unwrap_or_default();
        let kind = segments.next();
        if kind == Some("django-sessions") {
            return last.parse().map_or(Self::Other, Self::DjangoSession);
        }
        match (kind, last.parse().ok()) {
            (Some("records"), Some(name)) => Self::Record(name),
            (Some("revocations"), Some(name)) => Self::Revocation(name),
            (Some("heads"), Some(name)) => Self::Head(name),
            _ => Self::Other,
        }
    }

    /// What all requests of its kind are called in traces.
    pub(super) const fn route(&self) -> &'static str {
        match self {
            Self::Record(_) => "/records/{name}",
            Self::Revocation(_) => "/revocations/{name}",
            Self::Head(_) => "/heads/{name}",
            Self::DjangoSession(_) => "/django-sessions/{key}",
            Self::Other => "/",
        }
    }

    /// One word for counters.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Record(_) => "record",
            Self::Revocation(_) => "revocation",
            Self::Head(_) => "head",
            Self::DjangoSession(_) => "django_session",
            Self::Other => "other",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_two_segments_say_what_it_is_about() {
        let text = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";
        let name: StoreName = text.parse().unwrap();
        for before in ["", "/session-store", "/a/records/b"] {
            let path = |kind: &str| Path::of(&format!("{before}/{kind}/{text}"));
            assert_eq!(path("records"), Path::Record(name));
            assert_eq!(path("revocations"), Path::Revocation(name));
            assert_eq!(path("heads"), Path::Head(name));
            assert_eq!(path("tails"), Path::Other);
        }
        let key = "k3y00000000000000000000000000000";
        let path = |key: &str| Path::of(&format!("/session-store/django-sessions/{key}"));
        assert_eq!(path(key), Path::DjangoSession(key.parse().unwrap()));
        assert_eq!(path(&key.to_uppercase()), Path::Other);
        assert_eq!(path(&key[1..]), Path::Other);
        for other in [
            "",
            "/",
            "/records",
            "/records/",
            "/records/short",
            "/records/%41",
        ] {
            assert_eq!(Path::of(other), Path::Other, "{other}");
        }
        assert_eq!(Path::of(&format!("/records/{text}/")), Path::Other);
    }
}
