//! Date formats: `YYYY YY MMMM MMM MM M DD D dddd ddd HH H mm ss`; all else is text.
//!
//! A word is part of the format only if all of it is (`DD`, `HHhmm`), so that `Dia DD` and `às HH:mm` read as they should.
//! Text in `[brackets]` is always text. What looks like another program's format (`dd/mm/yyyy`) is a mistake, not text:
//! a patient would read it.

/// A part of a format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::expr) enum Part {
    Text(String),
    /// `2026`
    Year,
    /// `26`
    ShortYear,
    /// `março`
    MonthName,
    /// `mar`
    ShortMonthName,
    /// `03`
    Month,
    /// `3`
    PlainMonth,
    /// `05`
    Day,
    /// `5`
    PlainDay,
    /// `sexta-feira`
    Weekday,
    /// `sex`
    ShortWeekday,
    /// `08`
    Hour,
    /// `8`
    PlainHour,
    /// `05`
    Minute,
    /// `05`
    Second,
}

/// A format that was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::expr) struct Format(Vec<Part>);

/// A word that looks like a format and is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::expr) struct Mistake {
    /// As written.
    pub(in crate::expr) word: String,
    /// How it is written here, if that can be told.
    pub(in crate::expr) meant: Option<String>,
}

impl Mistake {
    pub(in crate::expr) fn message_en(&self) -> String {
        match &self.meant {
            Some(meant) => format!("the date format has no `{}`; did you mean `{meant}`?", self.word),
            None => format!("the date format has no `{}`", self.word),
        }
    }

    pub(in crate::expr) fn message_pt(&self) -> String {
        match &self.meant {
            Some(meant) => format!("o formato de data não tem `{}`; você quis dizer `{meant}`?", self.word),
            None => format!("o formato de data não tem `{}`", self.word),
        }
    }
}

impl Format {
    pub(in crate::expr) fn parse(source: &str) -> Result<Self, Mistake> {
        let mut parts = Vec::new();
        let mut rest = source;
        while let Some(first) = rest.chars().next() {
            if first == '['
                && let Some((quoted, after)) = rest[1..].split_once(']')
            {
                text(&mut parts, quoted);
                rest = after;
            } else if first.is_alphabetic() {
                let length = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
                let (word, after) = rest.split_at(length);
                parse_word(&mut parts, word)?;
                rest = after;
            } else {
                let (sign, after) = rest.split_at(first.len_utf8());
                text(&mut parts, sign);
                rest = after;
            }
        }
        let hours = parts.iter().any(|part| matches!(part, Part::Hour | Part::PlainHour));
        let days = parts.iter().any(|part| matches!(part, Part::Day | Part::PlainDay));
        if parts.contains(&Part::Minute) && days && !hours {
            return Err(Mistake { word: "mm".into(), meant: Some("MM".into()) });
        }
        Ok(Format(parts))
    }

    pub(in crate::expr) fn parts(&self) -> &[Part] {
        &self.0
    }
}

fn text(parts: &mut Vec<Part>, more: &str) {
    if let Some(Part::Text(text)) = parts.last_mut() {
        text.push_str(more);
    } else {
        parts.push(Part::Text(more.to_owned()));
    }
}

/// Runs of one letter in a word.
fn runs(word: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = word;
    while let Some(first) = rest.chars().next() {
        let (run, after) = rest.split_at(rest.find(|c| c != first).unwrap_or(rest.len()));
        found.push(run);
        rest = after;
    }
    found
}

fn parse_word(parts: &mut Vec<Part>, word: &str) -> Result<(), Mistake> {
    let runs = runs(word);
    // `h` and `T` stand between hours and minutes, days and hours.
    if runs.iter().any(|run| token(run).is_some())
        && runs.iter().all(|run| token(run).is_some() || matches!(*run, "h" | "T"))
    {
        for run in runs {
            match token(run) {
                Some(part) => parts.push(part),
                None => text(parts, run),
            }
        }
        return Ok(());
    }
    let of_tokens =
        |run: &&str| run.starts_with(['d', 'D', 'm', 'M', 'y', 'Y', 'a', 'A', 'h', 'H', 's', 'S']);
    let looks_like_one = runs.iter().all(of_tokens) && runs.iter().any(|run| run.len() > 1);
    let holds_one =
        runs.iter().any(|run| run.len() > 1 && run.starts_with(['D', 'M', 'Y', 'H']) && token(run).is_some());
    if looks_like_one || holds_one {
        return Err(Mistake { word: word.to_owned(), meant: meant(word) });
    }
    text(parts, word);
    Ok(())
}

fn token(run: &str) -> Option<Part> {
    Some(match run {
        "YYYY" => Part::Year,
        "YY" => Part::ShortYear,
        "MMMM" => Part::MonthName,
        "MMM" => Part::ShortMonthName,
        "MM" => Part::Month,
        "M" => Part::PlainMonth,
        "DD" => Part::Day,
        "D" => Part::PlainDay,
        "dddd" => Part::Weekday,
        "ddd" => Part::ShortWeekday,
        "HH" => Part::Hour,
        "H" => Part::PlainHour,
        "mm" => Part::Minute,
        "ss" => Part::Second,
        _ => return None,
    })
}

/// What another program's token is called here.
fn meant(word: &str) -> Option<String> {
    Some(
        match word {
            "dd" => "DD",
            "yyyy" | "aaaa" | "AAAA" => "YYYY",
            "yy" | "aa" | "AA" => "YY",
            "hh" => "HH",
            "SS" => "ss",
            "mmm" => "MMM",
            "mmmm" => "MMMM",
            "DDDD" => "dddd",
            "DDD" => "ddd",
            _ => return None,
        }
        .to_owned(),
    )
}
