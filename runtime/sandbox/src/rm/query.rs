//! Query members: simple filters, an OData subset, order and paging (totvs-rm.md §2).

use axum::http::Uri;
use serde_json::Value;

use crate::phone::number;

/// Members that are not filters.
const RESERVED: &[&str] =
    &["page", "pagesize", "order", "fields", "expand", "filter", "startdate", "enddate"];

/// The members of a query, names folded.
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn of(uri: &Uri) -> Self {
        let list = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(uri)
            .map(|query| query.0)
            .unwrap_or_default();
        Self(list.into_iter().map(|(name, value)| (name.to_lowercase(), value)).collect())
    }

    /// A member that is there and not empty, whatever its letter case.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let name = name.to_lowercase();
        self.0.iter().find(|(key, value)| *key == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// Whether an item passes the filters. A member that the item does not have is no filter.
    pub(crate) fn admits(&self, item: &Value) -> bool {
        let simple = self
            .0
            .iter()
            .filter(|(name, value)| !RESERVED.contains(&name.as_str()) && !value.is_empty())
            .all(|(name, wanted)| {
                member(item, name)
                    .is_none_or(|have| compare(name, have, wanted) == Some(std::cmp::Ordering::Equal))
            });
        simple && self.get("filter").is_none_or(|filter| odata(item, filter))
    }

    /// `order=name,-age`.
    pub(crate) fn sort(&self, items: &mut [Value]) {
        let Some(order) = self.get("order") else { return };
        for key in order.split(',').rev() {
            let (name, down) = key.trim().strip_prefix('-').map_or((key.trim(), false), |name| (name, true));
            items.sort_by(|a, b| {
                let ordering = text(member(a, name)).cmp(&text(member(b, name)));
                if down { ordering.reverse() } else { ordering }
            });
        }
    }

    /// `fields=a,b`.
    pub(crate) fn trim(&self, item: &mut Value) {
        let Some(fields) = self.get("fields") else { return };
        let wanted: Vec<String> = fields.split(',').map(|field| field.trim().to_lowercase()).collect();
        if let Value::Object(members) = item {
            members.retain(|name, _| wanted.contains(&name.to_lowercase()));
        }
    }

    pub(crate) fn page(&self) -> usize {
        self.get("page").and_then(|page| page.parse().ok()).unwrap_or(1_usize).max(1)
    }

    pub(crate) fn page_size(&self) -> usize {
        self.get("pagesize").and_then(|size| size.parse().ok()).unwrap_or(10_usize).clamp(1, 1000)
    }
}

fn member<'a>(item: &'a Value, name: &str) -> Option<&'a Value> {
    item.as_object()?.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn text(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// How what an item has compares with what is wanted. Numbers of people are compared by their digits, date-times with
/// a date by their date.
fn compare(name: &str, have: &Value, wanted: &str) -> Option<std::cmp::Ordering> {
    let have = text(Some(have));
    let lower = name.to_lowercase();
    if lower.ends_with("phone") {
        return same_phone(&have, wanted).then_some(std::cmp::Ordering::Equal);
    }
    if lower == "cpf" {
        return Some(number::digits(&have).cmp(&number::digits(wanted)));
    }
    if wanted.len() == 10 && have.len() > 10 && have.as_bytes()[10] == b'T' {
        return Some(have[..10].cmp(wanted));
    }
    if lower.ends_with("date") && have.len() == 10 && wanted.len() > 10 {
        return Some(have.as_str().cmp(wanted.get(..10).unwrap_or(wanted)));
    }
    match (have.parse::<f64>(), wanted.parse::<f64>()) {
        (Ok(have), Ok(wanted)) => have.partial_cmp(&wanted),
        _ if have.eq_ignore_ascii_case(wanted) => Some(std::cmp::Ordering::Equal),
        _ => Some(have.as_str().cmp(wanted)),
    }
}

/// Whether two numbers are one mobile: punctuation, the country code and the ninth digit do not count.
pub(crate) fn same_phone(have: &str, wanted: &str) -> bool {
    let full = |typed: &str| {
        let digits = number::digits(typed);
        if digits.len() == 10 || digits.len() == 11 { format!("55{digits}") } else { digits }
    };
    let (have, wanted) = (full(have), full(wanted));
    !have.is_empty() && number::variants(&have).contains(&wanted)
}

/// `A eq 'x' and B ge 2026-01-01`: comparisons joined by `and`.
fn odata(item: &Value, filter: &str) -> bool {
    use std::cmp::Ordering::{Equal, Greater, Less};
    filter.split(" and ").all(|term| {
        let mut words = term.trim().splitn(3, ' ');
        let (Some(name), Some(operator), Some(value)) = (words.next(), words.next(), words.next()) else {
            return false;
        };
        let Some(have) = member(item, name) else { return false };
        let ordering = compare(name, have, value.trim().trim_matches('\''));
        match operator {
            "eq" => ordering == Some(Equal),
            "ne" => ordering != Some(Equal),
            "gt" => ordering == Some(Greater),
            "ge" => matches!(ordering, Some(Greater | Equal)),
            "lt" => ordering == Some(Less),
            "le" => matches!(ordering, Some(Less | Equal)),
            _ => false,
        }
    })
}

/// One segment of a path as it was meant.
pub(crate) fn percent_decode(segment: &str) -> String {
    let bytes = segment.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = segment.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (bytes[at], code) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 3;
            }
            (byte, _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn query(text: &str) -> Query {
        Query::of(&format!("/x?{text}").parse().unwrap())
    }

    #[test]
    fn filters_by_members_whatever_their_case() {
        let item = json!({ "ScheduleDate": "2026-11-22T00:00:00", "CellPhone": "(11) 98765-4321", "Status": 1, "UnitId": "1|2" });
        for admitted in [
            "scheduledate=2026-11-22",
            "CellPhone=%2B5511987654321",
            "cellphone=1187654321",
            "status=1",
            "unitId=1%7C2",
            "nothing=7",
            "unitid=",
        ] {
            assert!(query(admitted).admits(&item), "{admitted}");
        }
        for refused in ["ScheduleDate=2026-11-23", "CellPhone=11987654322", "Status=2", "UnitId=1%7C3"] {
            assert!(!query(refused).admits(&item), "{refused}");
        }
        assert!(
            query("filter=ScheduleDate%20ge%202026-11-22%20and%20UnitId%20eq%20%271%7C2%27").admits(&item)
        );
        assert!(!query("filter=ScheduleDate%20gt%202026-11-22").admits(&item));
    }

    #[test]
    fn ids_are_decoded_whole() {
        assert_eq!(percent_decode("1%24_%24123"), "1$_$123");
        assert_eq!(percent_decode("1%7C9"), "1|9");
        assert_eq!(percent_decode("100%"), "100%");
    }
}
