//! Cuts texts to what a channel can show: too long a title ends in an ellipsis, too long a text becomes several.

use crate::protocol::Message;

/// At most so many characters; what is over becomes an ellipsis.
pub(crate) fn clip(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let kept: String = text.chars().take(limit.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// Texts of at most so many characters each, cut at paragraphs, else lines, else sentences, else words.
pub(crate) fn split(text: &str, limit: usize) -> Vec<String> {
    let limit = limit.max(1);
    let mut pieces = Vec::new();
    let mut rest = text.trim_end();
    while rest.chars().count() > limit {
        let end = rest.char_indices().nth(limit).map_or(rest.len(), |(at, _)| at);
        let window = &rest[..end];
        let cut = cut_before(window).unwrap_or(end);
        pieces.push(rest[..cut].trim_end().to_owned());
        rest = rest[cut..].trim_start();
    }
    if !rest.is_empty() || pieces.is_empty() {
        pieces.push(rest.to_owned());
    }
    pieces
}

/// Texts for a question with buttons or a list: the last one, at most `limit` characters, stands with the buttons;
/// what is too long for it is said before, in bubbles of at most `bubble` characters.
pub(crate) fn split_before(text: &str, bubble: usize, limit: usize) -> (Vec<String>, String) {
    let text = text.trim_end();
    if text.chars().count() <= limit {
        return (Vec::new(), text.to_owned());
    }
    let starts = |separator: &'static str| {
        text.match_indices(separator).map(move |(at, found)| at + found.len()).collect::<Vec<usize>>()
    };
    // The longest ending that fits, begun at the best kind of place that has one.
    let start = ["\n\n", "\n", ". ", "? ", "! ", " "]
        .into_iter()
        .find_map(|separator| {
            starts(separator)
                .into_iter()
                .find(|&start| !text[start..].trim().is_empty() && text[start..].chars().count() <= limit)
        })
        .unwrap_or_else(|| {
            let over = text.chars().count() - limit;
            text.char_indices().nth(over).map_or(0, |(at, _)| at)
        });
    (split(&text[..start], bubble), text[start..].trim_start().to_owned())
}

/// Bubbles of plain text.
pub(crate) fn texts(text: &str, limit: usize) -> Vec<Message> {
    split(text, limit).into_iter().map(|text| Message::Text { text }).collect()
}

fn cut_before(window: &str) -> Option<usize> {
    // A cut in the first half would leave a stub: then a lesser kind of place is better.
    let half = window.len() / 2;
    ["\n\n", "\n", ". ", "? ", "! ", " "].into_iter().find_map(|separator| {
        window.rfind(separator).map(|at| at + separator.len()).filter(|&cut| cut > half)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_clipped_in_characters() {
        assert_eq!(clip("Confirmar", 9), "Confirmar");
        assert_eq!(clip("Confirmação", 9), "Confirma…");
        assert_eq!(clip("Dr. João Silva", 5), "Dr.…");
    }

    #[test]
    fn a_text_is_cut_where_a_reader_would() {
        assert_eq!(split("um dois três", 100), ["um dois três"]);
        assert_eq!(split("um dois\n\ntrês quatro", 12), ["um dois", "três quatro"]);
        assert_eq!(split("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(split("", 4), [""]);
        let long = "palavra ".repeat(50);
        let pieces = split(&long, 30);
        assert!(pieces.iter().all(|piece| piece.chars().count() <= 30 && !piece.is_empty()));
        assert_eq!(pieces.join(" "), long.trim_end());
    }

    #[test]
    fn the_end_of_a_long_question_stays_with_its_buttons() {
        let (before, last) = split_before("Leia com calma. Você confirma?", 100, 15);
        assert_eq!((before, last.as_str()), (vec!["Leia com calma.".to_owned()], "Você confirma?"));
        let (before, last) = split_before("curto", 100, 15);
        assert_eq!((before.len(), last.as_str()), (0, "curto"));
        let (before, last) = split_before("abcdefghij", 100, 4);
        assert_eq!((before, last.as_str()), (vec!["abcdef".to_owned()], "ghij"));
    }
}
