//! Folding: what people type, made comparable. Case, accents, punctuation, emoji and width make no difference.

/// Lower case, without accents; punctuation becomes a space, spaces are collapsed. Emoji and other symbols stay.
///
/// `"Confirmação!"` → `"confirmacao"`, `"guarda-chuva"` → `"guarda chuva"`.
pub fn fold(text: &str) -> String {
    folded(text, true)
}

/// As [`fold`], also without emoji and symbols: `"✅ Confirmar"` → `"confirmar"`.
pub fn fold_words(text: &str) -> String {
    folded(text, false)
}

fn folded(text: &str, keep_symbols: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut gap = false;
    let mut put = |c: char, gap: &mut bool| {
        if *gap && !out.is_empty() {
            out.push(' ');
        }
        *gap = false;
        out.push(c);
    };
    for c in text.chars() {
        let c = narrow(c);
        if is_mark(c) {
            continue;
        }
        if c.is_alphanumeric() {
            for lower in c.to_lowercase() {
                if is_mark(lower) {
                    continue;
                }
                match bare(lower) {
                    Bare::One(c) => put(c, &mut gap),
                    Bare::Two(a, b) => {
                        put(a, &mut gap);
                        put(b, &mut gap);
                    }
                }
            }
        } else if keep_symbols && is_symbol(c) {
            put(c, &mut gap);
        } else {
            gap = true;
        }
    }
    out
}

/// Lower case and without accents, everything else as it is: `"15 de Março, às 14h30"` → `"15 de marco, as 14h30"`.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for lower in text.chars().map(narrow).filter(|c| !is_mark(*c)).flat_map(char::to_lowercase) {
        match bare(lower) {
            _ if is_mark(lower) => {}
            Bare::One(c) => out.push(c),
            Bare::Two(a, b) => out.extend([a, b]),
        }
    }
    out
}

enum Bare {
    One(char),
    Two(char, char),
}

/// A lower-case letter without its accent, for the Latin letters people type here.
fn bare(c: char) -> Bare {
    Bare::One(match c {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ā' | 'ă' | 'ą' | 'ǎ' | 'ª' => 'a',
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' | 'ẽ' => 'e',
        'ì' | 'í' | 'î' | 'ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' => 'i',
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ō' | 'ŏ' | 'ő' | 'º' => 'o',
        'ù' | 'ú' | 'û' | 'ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => 'u',
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => 'c',
        'ñ' | 'ń' | 'ņ' | 'ň' => 'n',
        'ý' | 'ÿ' => 'y',
        'ś' | 'ş' | 'š' => 's',
        'ź' | 'ż' | 'ž' => 'z',
        'ğ' => 'g',
        'ł' => 'l',
        'ř' => 'r',
        'đ' | 'ď' => 'd',
        'ť' | 'ţ' => 't',
        'ß' => return Bare::Two('s', 's'),
        'æ' => return Bare::Two('a', 'e'),
        'œ' => return Bare::Two('o', 'e'),
        other => other,
    })
}

/// A full-width form (as East Asian keyboards type digits) as the plain character.
pub(crate) fn narrow(c: char) -> char {
    match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        '\u{3000}' => ' ',
        other => other,
    }
}

/// Combining accents, joiners, variation selectors and other characters nobody sees by themselves.
pub(crate) fn is_mark(c: char) -> bool {
    matches!(c,
        '\u{0300}'..='\u{036F}' | '\u{20D0}'..='\u{20FF}' | '\u{1AB0}'..='\u{1AFF}'
        | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{00AD}' | '\u{1F3FB}'..='\u{1F3FF}'
        | '\u{E0020}'..='\u{E007F}')
}

/// Emoji and other symbols: what is visible but neither letter, digit, punctuation nor space.
fn is_symbol(c: char) -> bool {
    !c.is_ascii()
        && !c.is_control()
        && !c.is_whitespace()
        && !matches!(c,
            '\u{0080}'..='\u{00BF}' | '\u{2010}'..='\u{205E}' | '\u{3001}'..='\u{303F}' | '×' | '÷')
}
