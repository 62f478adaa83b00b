//! Months and days of the week by their Portuguese names.

use jiff::civil::Weekday;

const MONTHS: [&str; 12] = [
    "janeiro",
    "fevereiro",
    "março",
    "abril",
    "maio",
    "junho",
    "julho",
    "agosto",
    "setembro",
    "outubro",
    "novembro",
    "dezembro",
];

/// The name of a month, 1 to 12.
pub fn month_name(month: i8) -> &'static str {
    usize::try_from(month - 1)
        .ok()
        .and_then(|index| MONTHS.get(index))
        .expect("a civil date has a month from 1 to 12")
}

/// The name of a day of the week.
pub fn weekday_name(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "segunda-feira",
        Weekday::Tuesday => "terça-feira",
        Weekday::Wednesday => "quarta-feira",
        Weekday::Thursday => "quinta-feira",
        Weekday::Friday => "sexta-feira",
        Weekday::Saturday => "sábado",
        Weekday::Sunday => "domingo",
    }
}

/// The month a folded word names: in full, or by its first three letters or more.
pub fn month_from(word: &str) -> Option<i8> {
    let position = MONTHS.iter().position(|name| {
        let name = super::fold::fold(name);
        word == name || (word.len() >= 3 && name.starts_with(word))
    })?;
    i8::try_from(position + 1).ok()
}

/// The day of the week a folded word names: `segunda`, `2a`, `seg`.
pub fn weekday_from(word: &str) -> Option<Weekday> {
    Some(match word {
        "segunda" | "segundona" | "seg" | "2a" | "2o" => Weekday::Monday,
        "terca" | "ter" | "3a" => Weekday::Tuesday,
        "quarta" | "qua" | "4a" => Weekday::Wednesday,
        "quinta" | "qui" | "5a" => Weekday::Thursday,
        "sexta" | "sex" | "sextou" | "6a" => Weekday::Friday,
        "sabado" | "sab" => Weekday::Saturday,
        "domingo" | "dom" => Weekday::Sunday,
        _ => return None,
    })
}
