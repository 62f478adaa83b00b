//! What fluxo itself says to the staff, in both languages. Patients read only what flows say.

use fluxo_engine::protocol::{NotPlayed, SendFailure};

/// A language of the staff.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// pt-BR.
    #[default]
    Portuguese,
    /// English.
    English,
}

/// Something told to the staff, as a notice or as a note in a transcript.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Words<'a> {
    /// A flow gave the conversation to a queue.
    Queued { queue: &'a str, summary: &'a str },
    /// An attendant took it.
    Taken { attendant: &'a str },
    /// An attendant gave it back to the flow.
    Returned { outcome: Option<&'a str>, note: Option<&'a str> },
    /// An attendant ended it.
    Finished { outcome: Option<&'a str>, note: Option<&'a str> },
    /// The session went on without people.
    TakenBack,
    /// What is stored of the conversation before this one cannot be read.
    Unreadable { conversation: &'a str },
    /// A session ended.
    Ended { outcome: &'a str },
    /// Play met trouble.
    Trouble { code: &'a str, flow: &'a str, node: &'a str },
    /// A message stays in the transcript.
    NotPlayed(NotPlayed),
    /// More messages wait than may.
    InboxFull,
    /// Play failed twice.
    Quarantined,
    /// No flow claims the message.
    NoFlow,
    /// A flow asked for from outside was not started: people have the conversation.
    NotStarted { flow: &'a str },
    /// A message will not arrive.
    NotSent { failure: &'a SendFailure },
    /// The provider takes nothing of our account.
    AccountPaused { channel: &'a str, reason: &'a str },
    /// A call changed something outside and nobody waits for its result.
    LateResult { connection: &'a str },
    /// What became of a call that changes something outside is not known.
    Unknown { connection: &'a str },
    /// No mail server is configured.
    NoMail,
    /// An e-mail goes to what is no address.
    MailAddress,
    /// The mail server refused an e-mail for good.
    MailRefused { said: &'a str },
    /// The mail server did not take an e-mail in time.
    MailLate { said: &'a str },
    /// An e-mail left and the mail server did not say that it has it.
    MailUnclear,
    /// People have an effect that was given up tried again.
    Retried,
    /// People let go of an effect that was given up.
    Discarded,
    /// A message that was given up arrived all the same.
    Arrived,
    /// A desk refused.
    DeskRefused { reason: &'a str },
    /// A ticket stands.
    TicketOpened { key: &'a str },
    /// The contact's address changed.
    Moved,
    /// The person of another conversation turned out to be this one's.
    MergedFrom { conversation: &'a str },
    /// Another conversation goes on for the same person.
    MergedInto { conversation: &'a str },
    /// An address went over to another person.
    AddressTaken,
    /// The contact of a conversation that people had was erased.
    Erased { conversation: &'a str },
}

impl Words<'_> {
    /// In a language.
    pub(crate) fn text(&self, language: Language) -> String {
        let (portuguese, english) = self.both();
        match language {
            Language::Portuguese => portuguese,
            Language::English => english,
        }
    }

    fn both(&self) -> (String, String) {
        let same = |portuguese: &str, english: &str| (portuguese.to_owned(), english.to_owned());
        match self {
            Self::Queued { queue, summary } => {
                (format!("Na fila {queue}: {summary}"), format!("In the queue {queue}: {summary}"))
            }
            Self::Taken { attendant } => {
                (format!("{attendant} assumiu a conversa"), format!("{attendant} took the conversation"))
            }
            Self::Returned { outcome, note } => (
                format!("Devolvida ao fluxo{}", appended(*outcome, *note)),
                format!("Given back to the flow{}", appended(*outcome, *note)),
            ),
            Self::Finished { outcome, note } => (
                format!("Atendimento encerrado{}", appended(*outcome, *note)),
                format!("Ended by people{}", appended(*outcome, *note)),
            ),
            Self::TakenBack => same(
                "O fluxo seguiu sem o atendimento: a conversa não está mais com pessoas",
                "The flow went on: people have the conversation no more",
            ),
            Self::Unreadable { conversation } => (
                format!(
                    "Os dados da conversa {conversation} não podem ser lidos. Esta começa sem eles, com pessoas"
                ),
                format!(
                    "The conversation {conversation} cannot be read. This one begins without it, with people"
                ),
            ),
            Self::Ended { outcome } => {
                (format!("Sessão encerrada: {outcome}"), format!("Session ended: {outcome}"))
            }
            Self::Trouble { code, flow, node } => {
                (format!("Problema {code} em {flow}/{node}"), format!("Trouble {code} at {flow}/{node}"))
            }
            Self::NotPlayed(reason) => match reason {
                NotPlayed::Early => same(
                    "Enviada antes de a pergunta chegar: a pergunta foi repetida",
                    "Sent before the question arrived: the question was repeated",
                ),
                NotPlayed::StaleTap => same(
                    "Botão de uma pergunta antiga: a pergunta foi repetida",
                    "Button of an old question: the question was repeated",
                ),
                NotPlayed::Reaction => same("Reação: não é resposta", "Reaction: no answer"),
                NotPlayed::StaleTimer => {
                    same("Prazo de uma espera que já acabou", "Timer of a wait that is over")
                }
                NotPlayed::TooOld => same(
                    "Recebida mais de 24 horas depois de escrita: não foi ao fluxo. Responda ao paciente",
                    "Received more than 24 hours after it was written: not played. Please answer the patient",
                ),
            },
            Self::InboxFull => same(
                "Mais de 100 mensagens em espera: esta ficou só no histórico",
                "Over 100 messages wait: this one is only in the transcript",
            ),
            Self::Quarantined => same(
                "O fluxo falhou nesta conversa e ela foi entregue a pessoas",
                "The flow failed in this conversation and it was given to people",
            ),
            Self::NoFlow => same(
                "Nenhum fluxo atende esta mensagem: a conversa foi entregue a pessoas",
                "No flow claims this message: the conversation was given to people",
            ),
            Self::NotStarted { flow } => (
                format!("O fluxo {flow} não foi iniciado: a conversa está com pessoas"),
                format!("The flow {flow} was not started: people have the conversation"),
            ),
            Self::NotSent { failure } => {
                let (portuguese, english) = failed(failure);
                (format!("Mensagem não entregue: {portuguese}"), format!("Message not delivered: {english}"))
            }
            Self::AccountPaused { channel, reason } => (
                format!("O canal {channel} não está aceitando mensagens: {reason}"),
                format!("The channel {channel} takes no messages: {reason}"),
            ),
            Self::LateResult { connection } => (
                format!(
                    "Uma chamada a {connection} respondeu quando ninguém mais a esperava: confira o que ela mudou"
                ),
                format!(
                    "A call of {connection} was answered when nobody waited any more: check what it changed"
                ),
            ),
            Self::Unknown { connection } => (
                format!("Não se sabe o que houve com uma chamada a {connection}: confira antes de repetir"),
                format!("What became of a call of {connection} is not known: check before repeating it"),
            ),
            Self::NoMail => same(
                "E-mail não enviado: o projeto não tem [mail] configurado",
                "E-mail not sent: the project has no [mail] configured",
            ),
            Self::MailAddress => same(
                "E-mail não enviado: falta o destinatário ou o endereço não é válido",
                "E-mail not sent: the recipient is missing or is no valid address",
            ),
            Self::MailRefused { said } => (
                format!("E-mail não enviado: o servidor de e-mail recusou: {said}"),
                format!("E-mail not sent: the mail server refused it: {said}"),
            ),
            Self::MailLate { said } => (
                format!("E-mail não enviado: o servidor de e-mail não aceitou dentro do prazo: {said}"),
                format!("E-mail not sent: the mail server did not take it in time: {said}"),
            ),
            Self::MailUnclear => same(
                "Não se sabe se o e-mail chegou: o servidor de e-mail não confirmou nenhum dos dois envios",
                "It is not known whether the e-mail arrived: the mail server confirmed neither of two attempts",
            ),
            Self::Retried => same(
                "O que não saiu foi recolocado na fila de envio por um operador",
                "What was given up was put into the outbox again by an operator",
            ),
            Self::Discarded => same(
                "O que não saiu foi descartado por um operador",
                "What was given up was discarded by an operator",
            ),
            Self::Arrived => same(
                "A mensagem dada como não entregue chegou: não é preciso reenviar",
                "The message that was given up has arrived: there is no need to send it again",
            ),
            Self::DeskRefused { reason } => {
                (format!("O atendimento recusou: {reason}"), format!("The desk refused: {reason}"))
            }
            Self::TicketOpened { key } => (format!("Chamado {key} aberto"), format!("Ticket {key} opened")),
            Self::Moved => same("O contato mudou de endereço", "The contact's address changed"),
            Self::MergedFrom { conversation } => (
                format!("A conversa {conversation} é da mesma pessoa e continua aqui"),
                format!("The conversation {conversation} is of the same person and goes on here"),
            ),
            Self::MergedInto { conversation } => (
                format!("A mesma pessoa continua na conversa {conversation}: responda lá"),
                format!("The same person goes on in the conversation {conversation}: answer there"),
            ),
            Self::Erased { conversation } => (
                format!("O contato da conversa {conversation} foi apagado: ela acabou"),
                format!("The contact of the conversation {conversation} was erased: it is over"),
            ),
            Self::AddressTaken => same(
                "O número passou a outra pessoa: nada desta conversa vai para ela",
                "The number is another person's now: nothing of this conversation goes there",
            ),
        }
    }
}

fn appended(outcome: Option<&str>, note: Option<&str>) -> String {
    [outcome, note].into_iter().flatten().fold(String::new(), |text, more| format!("{text}: {more}"))
}

fn failed(failure: &SendFailure) -> (String, String) {
    let same = |portuguese: &str, english: &str| (portuguese.to_owned(), english.to_owned());
    match failure {
        SendFailure::WindowClosed => same(
            "passaram 24 horas desde a última mensagem do contato",
            "24 hours since the contact last wrote",
        ),
        SendFailure::NotReachable => {
            same("o contato não está no canal", "the contact is not reachable on the channel")
        }
        SendFailure::OptedOut => same("o contato não quer receber", "the contact opted out"),
        SendFailure::Template => same(
            "modelo inexistente, pausado ou mal preenchido",
            "template missing, paused or filled wrongly",
        ),
        SendFailure::Media => {
            same("arquivo inacessível ou de tipo errado", "media not reachable or of a wrong type")
        }
        SendFailure::Deadline => {
            same("o canal não aceitou dentro do prazo", "the channel did not take it in time")
        }
        SendFailure::Unclear => same(
            "o canal não confirmou, nem na segunda vez",
            "the channel did not confirm it, not even the second time",
        ),
        SendFailure::Other(reason) => (reason.clone(), reason.clone()),
    }
}
