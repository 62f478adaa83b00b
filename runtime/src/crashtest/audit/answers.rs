//! Everybody is answered, and nothing waits when all is over.

use super::{Evidence, Findings, Promise};

pub(super) fn compare(evidence: &Evidence, findings: &mut Findings) {
    for silence in &evidence.silences {
        // It came when nobody waited any more: a service that dies every second is slow, and owes no speed.
        let chat = evidence.chats.get(&silence.number).map(Vec::as_slice).unwrap_or_default();
        let said = chat.iter().filter(|bubble| !bubble.by_patient);
        if said.into_iter().any(|bubble| silence.wanted.iter().any(|text| bubble.text.contains(text))) {
            continue;
        }
        // Of a message that was given up, people know; if it is found to have arrived, it leaves their list.
        let listed = evidence
            .held
            .conversations
            .get(&silence.number)
            .is_some_and(|held| held.said.iter().any(|key| evidence.given_up.contains(key)));
        if listed {
            continue;
        }
        findings.add(
            Promise::AllAnswered,
            format!("{} esperou em vão por \"{}\"", silence.number, silence.wanted.join("\" ou \"")),
        );
    }
    let counts = &evidence.held.counts;
    let left = [
        (evidence.webhooks_pending, "webhooks que o serviço não aceitou"),
        (counts.outbox, "efeitos pedidos e não concluídos"),
        (counts.inbox, "mensagens recebidas e não tratadas"),
    ];
    for (count, what) in left.into_iter().filter(|(count, _)| *count > 0) {
        findings.add(Promise::AllAnswered, format!("sobraram {count} {what}"));
    }
}
