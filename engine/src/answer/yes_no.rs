//! Yes and no, in the many ways people say them. What could be both is neither: the question is asked again.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use super::fold::fold_words;

/// Whole answers that mean yes, folded.
const YES: &str = "
    s, si, sim, sin, sm, sim sim, s sim, aham, ahan, arram, uhum, hum hum, yes, yep, yeah, opa,
    claro, claro que sim, e claro, e claro que sim, mas e claro, logico, obvio, evidente, com certeza, com certeza sim,
    certeza, certeza que sim, sem duvida, sem problema, sem problemas, com prazer,
    certo, correto, exato, exatamente, isso, isso ai, isso mesmo, e, eh, e isso, e isso ai, e sim, e verdade, verdade,
    verdadeiro, perfeito, positivo, afirmativo,
    ok, oki, okay, okey, ok obrigado, ok obrigada, blz, beleza, joia, tranquilo, combinado, fechado, show, otimo, demorou,
    ta, ta bom, ta bem, ta certo, ta ok, ta otimo, esta bem, esta bom, esta certo, tudo bem, tudo certo, de acordo,
    estou de acordo, confirmo, confirmado, confirmada, confirmar, confirma, aceito, concordo, autorizo, permito,
    quero, eu quero, quero sim, gostaria, gostaria sim, desejo, preciso, por favor, faz favor,
    pode, pode ser, pode sim, pode confirmar, pode marcar, pode agendar, pode mandar, podemos, podemos sim, manda, manda ver,
    vamos, bora, vou, vou sim, irei, consigo, consigo sim, posso, posso sim, serve, serve sim,
    tenho, tenho sim, sou, sou sim, sou eu, foi, foi sim, fui, ja, ja sim, ja sou, ja fui, estou, estou sim,
    vou comparecer, vou ir, irei sim, irei comparecer, estarei la, estarei ai, confirmo presenca, presenca confirmada, confirmo sim
";

/// Whole answers that mean no, folded. `cancelar` is none: to "quer cancelar?" it would mean yes.
const NO: &str = "
    n, no, nao, naum, nao nao, nop, nops, nope, nada disso, nem, nem pensar, negativo, negado, jamais, nunca,
    de jeito nenhum, de forma alguma, de maneira nenhuma, de modo algum, em hipotese alguma, nem um pouco, nao mesmo,
    ainda nao, agora nao, hoje nao, por enquanto nao, nao por enquanto, tambem nao, eu nao, infelizmente nao,
    claro que nao, com certeza nao, melhor nao, prefiro nao, recuso, recusar, discordo, dispenso,
    nao obrigado, nao obrigada, nao brigado, nao brigada, obrigado nao, nao senhor, nao senhora, nao moca, nao moco,
    nao quero, nao quero nao, nao gostaria, nao desejo, nao preciso, nao precisa, nao necessario, nao e necessario,
    nao ha necessidade, nao posso, nao pode, nao pode ser, nao consigo, nao vou, nao irei, nao da, nao vai dar, nao serve,
    nao tenho, nao sou, nao sou eu, nao e, nao foi, nao fui, nao esta, nao estou, nao esta certo, nao esta correto,
    nao confirmo, nao aceito, nao concordo, nao autorizo, nao permito, errado, incorreto, falso,
    nao vou poder, nao vou poder ir, nao vou poder comparecer, nao poderei, nao poderei ir, nao poderei comparecer,
    nao posso ir, nao posso comparecer, nao vou comparecer, nao vou ir, nao vou conseguir, nao vou conseguir ir,
    nao consigo ir, nao irei comparecer, nao confirmo presenca
";

/// Words that may surround a clear yes or no without changing it.
const COURTESY: &str = "
    por, favor, pf, pfv, pfvr, obrigado, obrigada, obg, brigado, brigada, agradeco, gratidao, muito, senhor, senhora, sr, sra,
    moca, moco, doutor, doutora, dr, dra, querida, querido, amiga, amigo, gente, ola, oi, bom, boa, dia, tarde, noite,
    infelizmente, ah, oh, eu, entao, ta, viu, tbm, tambem, ne, hein, uai, kk, kkk, rs, rsrs
";

const SIGNS_OF_YES: &[char] = &['👍', '✅', '👌', '☑', '✔', '🆗', '🙆', '🤝'];
const SIGNS_OF_NO: &[char] = &['👎', '❌', '🚫', '⛔', '🙅', '✖', '❎'];

/// Words a clear answer has at most; who writes more says more.
const LONGEST: usize = 12;

/// `true` for yes, `false` for no, `None` for anything that is not clearly one of them.
pub(super) fn read(text: &str) -> Option<bool> {
    let words = fold_words(text);
    let by_sign = signs(text);
    if words.is_empty() {
        return by_sign;
    }
    // "sim?" and "pode ser?" ask back.
    if text.contains('?') {
        return None;
    }
    let words: Vec<&str> = words.split(' ').collect();
    let courtesy = &vocabulary().courtesy;
    let bare: Vec<&str> = words.iter().copied().filter(|word| !courtesy.contains(word)).collect();
    let by_words = meaning(&words).or_else(|| meaning(&bare))?;
    by_sign.is_none_or(|sign| sign == by_words).then_some(by_words)
}

fn signs(text: &str) -> Option<bool> {
    let yes = text.contains(SIGNS_OF_YES);
    let no = text.contains(SIGNS_OF_NO);
    (yes != no).then_some(yes)
}

struct Vocabulary {
    yes: BTreeSet<String>,
    no: BTreeSet<String>,
    courtesy: BTreeSet<&'static str>,
}

fn vocabulary() -> &'static Vocabulary {
    static VOCABULARY: OnceLock<Vocabulary> = OnceLock::new();
    VOCABULARY.get_or_init(|| Vocabulary {
        yes: YES.split(',').map(|phrase| squeezed(phrase.trim())).collect(),
        no: NO.split(',').map(|phrase| squeezed(phrase.trim())).collect(),
        courtesy: COURTESY.split(',').map(str::trim).collect(),
    })
}

/// One clear answer, or several alike in a row: "sim, quero confirmar" but not "sim, mas não posso".
fn meaning(words: &[&str]) -> Option<bool> {
    let Vocabulary { yes, no, .. } = vocabulary();
    let (yes, no) = (consists_of(words, yes), consists_of(words, no));
    (yes != no).then_some(yes)
}

fn consists_of(words: &[&str], phrases: &BTreeSet<String>) -> bool {
    if words.is_empty() || words.len() > LONGEST {
        return false;
    }
    // reached[n]: the first n words are whole phrases.
    let mut reached = vec![true];
    for end in 1..=words.len() {
        let whole =
            (0..end).any(|start| reached[start] && phrases.contains(&squeezed(&words[start..end].join(" "))));
        reached.push(whole);
    }
    reached[words.len()]
}

/// Letters drawn out count once: `siiiim`, `nãooo`, `okkk`.
fn squeezed(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if !out.ends_with(c) {
            out.push(c);
        }
    }
    out
}
