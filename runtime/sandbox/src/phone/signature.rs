//! The webhooks' signature, right and wrong (whatsapp-cloud.md §2.2, §13).

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha1::Sha1;
use sha2::Sha256;

/// How a delivery is signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Signature {
    #[default]
    Valid,
    /// No header at all.
    Missing,
    /// Right shape, another secret.
    WrongKey,
    /// Right key, over other bytes.
    WrongBody,
    /// The right digest in capital hex digits, which Meta never sends.
    Uppercase,
    /// Only the legacy `X-Hub-Signature`.
    Sha1Only,
}

impl Signature {
    /// The header of a body, or none.
    pub(crate) fn header(self, secret: &str, body: &[u8]) -> Option<(&'static str, String)> {
        const NAME: &str = "X-Hub-Signature-256";
        match self {
            Self::Valid => Some((NAME, format!("sha256={}", sha256(secret, body)))),
            Self::Missing => None,
            Self::WrongKey => Some((NAME, format!("sha256={}", sha256("another-secret", body)))),
            Self::WrongBody => Some((NAME, format!("sha256={}", sha256(secret, &[body, b" "].concat())))),
            Self::Uppercase => Some((NAME, format!("sha256={}", sha256(secret, body).to_uppercase()))),
            Self::Sha1Only => Some(("X-Hub-Signature", format!("sha1={}", sha1(secret, body)))),
        }
    }
}

fn sha256(secret: &str, body: &[u8]) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("an HMAC takes a key of any length");
    mac.update(body);
    hex(&mac.finalize().into_bytes())
}

fn sha1(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).expect("an HMAC takes a key of any length");
    mac.update(body);
    hex(&mac.finalize().into_bytes())
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Non-ASCII as `\uXXXX` with lowercase digits, the way Meta writes its webhooks.
pub(crate) fn escape(json: &str) -> String {
    let mut out = String::with_capacity(json.len() + 16);
    let mut units = [0_u16; 2];
    for c in json.chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "app-secret-for-tests";
    const ESCAPED: &str = r#"{"object":"whatsapp_business_account","entry":[{"id":"102290129340398","changes":[{"value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550783881","phone_number_id":"106540352242922"},"contacts":[{"profile":{"name":"Jos\u00e9"},"wa_id":"5511987654321"}],"messages":[{"from":"5511987654321","id":"wamid.TEST","timestamp":"1749416383","type":"text","text":{"body":"ol\u00e1 \ud83d\udc4b"}}]},"field":"messages"}]}]}"#;

    #[test]
    fn agrees_with_the_contracts_vectors() {
        let empty = Signature::Valid.header(SECRET, br#"{"object":"whatsapp_business_account","entry":[]}"#);
        assert_eq!(
            empty.unwrap().1,
            "sha256=1ca363dab318df784e1963b29dca91e2098e6cf2fbf0d3c14e09580a90684a61"
        );
        assert_eq!(ESCAPED.len(), 438);
        assert_eq!(
            Signature::Valid.header(SECRET, ESCAPED.as_bytes()).unwrap().1,
            "sha256=eb23780b3b779435554b3c1470ba22133585008f0f85161a53dc4a4817d1b305"
        );
    }

    #[test]
    fn escapes_as_meta_does() {
        let value: serde_json::Value = serde_json::from_str(ESCAPED).unwrap();
        assert_eq!(escape(&value.to_string()), ESCAPED);
    }

    #[test]
    fn the_wrong_ones_are_wrong() {
        let valid = Signature::Valid.header(SECRET, b"{}").unwrap().1;
        assert_eq!(Signature::Missing.header(SECRET, b"{}"), None);
        for wrong in [Signature::WrongKey, Signature::WrongBody, Signature::Uppercase] {
            let (name, value) = wrong.header(SECRET, b"{}").unwrap();
            assert_eq!((name, value == valid), ("X-Hub-Signature-256", false), "{wrong:?}");
        }
        let (name, value) =
            Signature::Sha1Only.header("key", b"The quick brown fox jumps over the lazy dog").unwrap();
        assert_eq!(
            (name, value.as_str()),
            ("X-Hub-Signature", "sha1=de7c9b85b8b78aa6bc8a7a36f70a90701c9db4d9")
        );
    }
}
