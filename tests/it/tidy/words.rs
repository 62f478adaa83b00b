//! Provider words stay in the provider's folder; patients' words stay in flows.

use super::{code, is_test, rust_files};

/// A provider's word and the only folders in which it stands.
const WORDS: &[(&str, &[&str])] = &[
    ("wamid", &["runtime/src/channels/whatsapp/", "runtime/sandbox/", "tests/"]),
    ("biz_opaque_callback_data", &["runtime/src/channels/whatsapp/", "runtime/sandbox/", "tests/"]),
    ("messaging_product", &["runtime/src/channels/whatsapp/", "runtime/sandbox/", "tests/"]),
    ("CODCOLIGADA", &["runtime/sandbox/", "tests/"]),
    ("appointments-wa", &["runtime/sandbox/", "tests/"]),
    ("issuetype", &["runtime/src/desks/jira/", "tests/"]),
];

#[test]
fn provider_words_stay_in_their_folders() {
    for source in ["engine/src", "runtime", "tests/it"].iter().flat_map(|below| rust_files(below)) {
        for (word, homes) in WORDS {
            let at_home = is_test(&source.path) || homes.iter().any(|home| source.path.starts_with(home));
            assert!(at_home || !code(&source.text).contains(word), "{} must not name {word}", source.path);
        }
    }
}
