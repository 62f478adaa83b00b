//! All that must hold in a store, and what it means for patients when it does not.

use fluxo_engine::check::Language;
use serde::{Deserialize, Serialize};

/// Something that must hold. The names are stable: programs read them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Invariant {
    /// Every record's checksum holds, its chunks are there, and its value can be read.
    Readable,
    /// All records that were written and not removed are there, as they were written last.
    NothingLost,
    /// Every record belongs to a table, and every chunk to a value.
    Known,
    /// A row's key and version say what the row says.
    KeyAgrees,
    /// What is counted agrees with what is there.
    Totals,
    /// Each conversation has its contact.
    ConversationHasContact,
    /// Each row of a conversation has its conversation: effects, messages, lines, turns, timers, dead letters.
    RowHasConversation,
    /// A contact's conversations are there and are its own.
    ContactHasConversations,
    /// Each address of a contact leads to it, and to nobody else.
    AddressLeadsToContact,
    /// The numbers that come next are above all that were given.
    NumbersGoOn,
    /// No line of a transcript is missing.
    LinesComplete,
    /// No turn of a journal is missing.
    JournalComplete,
    /// No waiting message is missing between others.
    InboxComplete,
    /// A conversation with effects stands where its first one says, and no other does.
    ReadyAgrees,
    /// Conversations with waiting messages are listed, and no others.
    BacklogAgrees,
    /// Conversations with people are listed since when they are, and no others.
    WithPeopleAgrees,
    /// A timer is found by its moment and by its wait.
    TimerIndexed,
    /// A timer belongs to a session of its conversation.
    TimerHasSession,
    /// A dead letter is found by its moment and by its effect.
    DeadLetterIndexed,
    /// Turns that are still to be cut are listed, and no others.
    UncutAgrees,
    /// What is to be forgotten is listed, and what is listed is there.
    ExpiryAgrees,
    /// An open session can be read, and is the one that its conversation names.
    SessionReadable,
    /// The release that an open session is pinned to is kept, whole, and can be read.
    ReleaseKept,
}

impl Invariant {
    /// What it means for patients that it does not hold.
    pub fn meaning(self, language: Language) -> &'static str {
        let (portuguese, english) = self.meanings();
        match language {
            Language::Portuguese => portuguese,
            Language::English => english,
        }
    }

    /// Whether it says that something is gone for good.
    pub fn is_a_loss(self) -> bool {
        self == Self::NothingLost
    }

    /// What to do where nothing can be put right here.
    pub fn remedy(self, language: Language) -> &'static str {
        let (portuguese, english) = match self {
            Self::Known | Self::TimerHasSession => ("nada a fazer", "nothing to do"),
            Self::Totals
            | Self::NumbersGoOn
            | Self::ReadyAgrees
            | Self::BacklogAgrees
            | Self::WithPeopleAgrees
            | Self::UncutAgrees
            | Self::ExpiryAgrees => (
                "pare o serviço e rode `fluxo store check --repair`; o que sobrar não atinge conversas em curso",
                "stop the service and run `fluxo store check --repair`; what is left touches no open conversation",
            ),
            Self::Readable | Self::NothingLost | Self::KeyAgrees => (
                "guarde uma cópia da pasta, olhe o disco e volte ao último backup com `fluxo restore` se for mais do que se pode perder",
                "keep a copy of the directory, look after the disk, and go back to the latest backup with `fluxo restore` if it is more than can be lost",
            ),
            Self::LinesComplete | Self::JournalComplete => (
                "guarde o último backup: só ele ainda tem o que falta",
                "keep the latest backup: only it still has what is missing",
            ),
            Self::ConversationHasContact
            | Self::RowHasConversation
            | Self::ContactHasConversations
            | Self::AddressLeadsToContact
            | Self::InboxComplete
            | Self::TimerIndexed
            | Self::DeadLetterIndexed
            | Self::SessionReadable
            | Self::ReleaseKept => (
                "peça à equipe que procure o paciente da conversa; se forem muitas, volte ao último backup com `fluxo restore`",
                "have the staff look after the conversation's patient; if there are many, go back to the latest backup with `fluxo restore`",
            ),
        };
        match language {
            Language::Portuguese => portuguese,
            Language::English => english,
        }
    }

    fn meanings(self) -> (&'static str, &'static str) {
        match self {
            Self::Readable => (
                "um registro está danificado: o que ele guardava não pode ser lido, e a conversa dele para ou recomeça",
                "a record is damaged: what it held cannot be read, and its conversation stops or begins anew",
            ),
            Self::NothingLost => (
                "registros se perderam ou voltaram a um estado antigo: algum paciente pode ficar sem resposta ou ter o histórico incompleto",
                "records are lost, or are as they once were: some patient may get no answer, or have an incomplete history",
            ),
            Self::Known => (
                "há um registro que não pertence a nada: nenhum paciente é afetado",
                "a record belongs to nothing: no patient is affected",
            ),
            Self::KeyAgrees => (
                "um registro não é o que a chave dele diz: a conversa dele pode receber o que é de outra, ou parar",
                "a record is not what its key says: its conversation may get another's, or stop",
            ),
            Self::Totals => (
                "as contagens não conferem com o que existe: só os painéis mostram números errados, a não ser que algo tenha se perdido",
                "what is counted disagrees with what is there: only figures are wrong, unless something is lost",
            ),
            Self::ConversationHasContact => (
                "uma conversa perdeu a pessoa: a próxima mensagem dela abre uma conversa nova, na fila padrão",
                "a conversation has lost its person: their next message begins a new one, in the default queue",
            ),
            Self::RowHasConversation => (
                "algo espera por uma conversa que não existe: uma mensagem, um envio ou um lembrete não vai acontecer",
                "something waits for a conversation that is not there: a message, a send or a reminder will not happen",
            ),
            Self::ContactHasConversations => (
                "um contato aponta para uma conversa que não é dele ou não existe: a próxima mensagem pode abrir outra conversa",
                "a contact names a conversation that is not theirs or not there: their next message may begin another",
            ),
            Self::AddressLeadsToContact => (
                "um endereço não leva ao contato dele: quem escrever de lá pode ser tratado como pessoa nova",
                "an address does not lead to its contact: who writes from there may be taken for somebody new",
            ),
            Self::NumbersGoOn => (
                "a numeração de uma conversa voltou para trás: mensagens novas podem cobrir antigas",
                "a conversation's numbers have gone back: new lines may cover old ones",
            ),
            Self::LinesComplete => (
                "faltam linhas na conversa que os atendentes leem",
                "lines are missing from the transcript that attendants read",
            ),
            Self::JournalComplete => (
                "faltam passos no diário da conversa: ela não pode ser refeita inteira",
                "turns are missing from the conversation's journal: it cannot be played again whole",
            ),
            Self::InboxComplete => (
                "falta uma mensagem que o paciente mandou e que esperava a vez: ele pode ficar sem resposta",
                "a message that a patient sent, and that waited its turn, is missing: they may get no answer",
            ),
            Self::ReadyAgrees => (
                "os envios de uma conversa não estão na lista do que há para enviar: o paciente não recebe a resposta",
                "a conversation's sends are not on the list of what is to be sent: the patient gets no answer",
            ),
            Self::BacklogAgrees => (
                "uma conversa com mensagens à espera não está na lista: depois de reiniciar, elas esperam pela próxima mensagem",
                "a conversation with waiting messages is not listed: after a restart they wait for the next message",
            ),
            Self::WithPeopleAgrees => (
                "uma conversa com pessoas não aparece para os atendentes, ou aparece sem estar com eles",
                "a conversation with people is not shown to attendants, or is shown and is not with them",
            ),
            Self::TimerIndexed => (
                "um temporizador não dispara, ou não pode ser desarmado: um lembrete falta ou sobra",
                "a timer does not fire, or cannot be disarmed: a reminder is missing or one too many",
            ),
            Self::TimerHasSession => (
                "um temporizador é de uma sessão de outra conversa: ao vencer, ele não faz nada",
                "a timer is of another conversation's session: when it is due it does nothing",
            ),
            Self::DeadLetterIndexed => (
                "um envio que falhou não pode ser tentado de novo nem descartado",
                "a send that failed can be neither retried nor discarded",
            ),
            Self::UncutAgrees => (
                "um passo do diário ficaria guardado além do prazo, ou é procurado e não existe",
                "a turn would be kept beyond its time, or is looked for and not there",
            ),
            Self::ExpiryAgrees => (
                "algo que deveria ser esquecido no prazo ficaria para sempre, ou uma mensagem repetida poderia ser respondida duas vezes",
                "something to be forgotten in time would stay, or a repeated message could be answered twice",
            ),
            Self::SessionReadable => (
                "a sessão de uma conversa não pode ser lida: na próxima mensagem, o paciente vai para a fila padrão",
                "a conversation's session cannot be read: at their next message the patient goes to the default queue",
            ),
            Self::ReleaseKept => (
                "falta a versão dos fluxos em que uma conversa está: na próxima mensagem, o paciente vai para a fila padrão",
                "the release that a conversation plays is missing: at their next message the patient goes to the default queue",
            ),
        }
    }
}
