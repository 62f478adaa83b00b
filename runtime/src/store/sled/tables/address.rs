//! Whose an address is: `a/<channel><account><kind><address>`, the contact's id.

use std::collections::BTreeSet;

use fluxo_engine::ids::ContactId;

use super::super::fault::Fault;
use super::super::key::{Key, Parts};
use super::super::view::View;
use crate::store::{Account, Address, ContactRecord};

pub(in super::super) const TABLE: u8 = b'a';

/// What names the person. A user id outranks a phone; a username is asked for only where there is neither, since it may
/// be given to somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Kind {
    User,
    Phone,
    Username,
}

impl Kind {
    /// Stored: a number never changes its meaning.
    fn number(self) -> u8 {
        match self {
            Self::User => 0,
            Self::Phone => 1,
            Self::Username => 2,
        }
    }
}

/// The key of one way to reach a person.
pub(in super::super) fn key(account: &Account, kind: Kind, text: &str) -> Vec<u8> {
    Key::of(TABLE).text(&account.channel).text(&account.id).byte(kind.number()).text(text).bytes()
}

/// Whether a key is of a username.
pub(in super::super) fn is_username(key: &[u8]) -> bool {
    let kind = Parts::of(TABLE, key).and_then(|mut parts| {
        parts.text()?;
        parts.text()?;
        parts.rest().first().copied()
    });
    kind == Some(Kind::Username.number())
}

/// All keys of one address.
pub(in super::super) fn keys(account: &Account, address: &Address) -> impl Iterator<Item = Vec<u8>> {
    let parts =
        [(Kind::User, &address.user), (Kind::Phone, &address.phone), (Kind::Username, &address.username)];
    parts.into_iter().filter_map(move |(kind, text)| Some(key(account, kind, text.as_deref()?)))
}

/// All keys of all addresses of a contact.
pub(in super::super) fn keys_of(record: &ContactRecord) -> BTreeSet<Vec<u8>> {
    record.addresses.iter().flat_map(|(account, address)| keys(account, address)).collect()
}

/// The contact a key points to.
pub(in super::super) fn owner(view: &View<'_>, key: &[u8]) -> Result<Option<ContactId>, Fault> {
    let Some(stored) = view.get(key)? else { return Ok(None) };
    String::from_utf8(stored.bytes).map(|id| Some(id.into())).map_err(|_| Fault::damaged(key))
}

/// Where to look for a person, the strongest name first. The other form of a Brazilian mobile comes after its own.
pub(in super::super) fn search(account: &Account, address: &Address) -> Vec<(Kind, Vec<u8>)> {
    let mut found = Vec::new();
    if let Some(user) = &address.user {
        found.push((Kind::User, key(account, Kind::User, user)));
    }
    if let Some(phone) = &address.phone {
        found.push((Kind::Phone, key(account, Kind::Phone, phone)));
        found.extend(other_form(phone).map(|other| (Kind::Phone, key(account, Kind::Phone, &other))));
    }
    if let (None, None, Some(username)) = (&address.user, &address.phone, &address.username) {
        found.push((Kind::Username, key(account, Kind::Username, username)));
    }
    found
}

/// A Brazilian mobile without its ninth digit, or with it (whatsapp-cloud.md §11). Landlines have one form.
pub(in super::super) fn other_form(phone: &str) -> Option<String> {
    if !phone.starts_with("55") || !phone.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mobile = |digit: u8| (b'6'..=b'9').contains(&digit);
    let bytes = phone.as_bytes();
    match bytes.len() {
        13 if bytes[4] == b'9' && mobile(bytes[5]) => Some(format!("{}{}", &phone[..4], &phone[5..])),
        12 if mobile(bytes[4]) => Some(format!("{}9{}", &phone[..4], &phone[4..])),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ninth_digit_comes_and_goes_on_mobiles_only() {
        for (long, short) in [("5531996883193", "553196883193"), ("5511987654321", "551187654321")] {
            assert_eq!(other_form(long).as_deref(), Some(short));
            assert_eq!(other_form(short).as_deref(), Some(long));
        }
        for other in ["551133334444", "16505551234", "55119876543", "5511387654321", "55ç1987654321", ""] {
            assert_eq!(other_form(other), None, "{other}");
        }
    }

    #[test]
    fn a_user_is_looked_for_first_and_a_username_only_alone() {
        let account = Account { channel: "w".to_owned(), id: "1".to_owned() };
        let all = Address {
            user: Some("BR.1".to_owned()),
            phone: Some("5511987654321".to_owned()),
            username: Some("ana".to_owned()),
        };
        let kinds = |address: &Address| {
            search(&account, address).into_iter().map(|(kind, _)| kind).collect::<Vec<_>>()
        };
        assert_eq!(kinds(&all), [Kind::User, Kind::Phone, Kind::Phone]);
        assert_eq!(kinds(&Address { user: None, phone: None, ..all.clone() }), [Kind::Username]);
        assert_eq!(keys(&account, &all).count(), 3);
        let usernames: Vec<bool> = keys(&account, &all).map(|key| is_username(&key)).collect();
        assert_eq!(usernames, [false, false, true]);
    }
}
