//! What a run came to: for people in Portuguese, for programs as JSON.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use super::audit::{Breach, Promise, Tallies};

/// A run that came to its end.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// What all was drawn from.
    pub seed: u64,
    /// SIGKILLs.
    pub kills: u32,
    /// Of those, while the service opened its store and recovered.
    pub kills_while_starting: u32,
    /// Stops by SIGTERM, waited for.
    pub stops: u32,
    /// Starts with the world away.
    pub starts_without_world: u32,
    /// What the books have in common.
    #[serde(flatten)]
    pub tallies: Tallies,
    /// Requests in the world's book: to RM, to WhatsApp, and webhooks.
    pub requests: u64,
    /// Messages that left without it being known whether they arrived.
    pub doubts: Doubts,
    /// From the start of a process to its first answer, in milliseconds.
    pub ready_ms: Percentiles,
    /// How long it took, in seconds.
    pub seconds: u64,
    /// What is broken; the first explains the others.
    pub broken: Vec<Breach>,
    /// Where everything of the run is kept, when something is broken.
    pub kept_in: Option<PathBuf>,
}

/// Sends that a death or a lost answer left in doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Doubts {
    /// All.
    pub total: usize,
    /// A status told that it had arrived.
    pub resolved_by_status: usize,
    /// No status came in half a minute: sent once more.
    pub sent_once_more: usize,
}

/// Of a list of times, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Percentiles {
    /// Half are not longer.
    pub p50: u64,
    /// Of a hundred, ninety-nine are not longer.
    pub p99: u64,
    /// None is longer.
    pub max: u64,
}

impl Percentiles {
    /// Of times in any order.
    pub(super) fn of(times: &[Duration]) -> Self {
        let mut sorted: Vec<u64> =
            times.iter().map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)).collect();
        sorted.sort_unstable();
        let at = |percent: usize| sorted.get(sorted.len().saturating_sub(1) * percent / 100).copied();
        let [p50, p99, max] = [50, 99, 100].map(|percent| at(percent).unwrap_or_default());
        Self { p50, p99, max }
    }
}

impl Report {
    /// Whether every promise was kept.
    pub fn is_clean(&self) -> bool {
        self.broken.is_empty()
    }
}

impl Promise {
    /// For operators.
    fn in_words(self) -> &'static str {
        match self {
            Self::Starts => "O serviço não voltou a atender, ou não parou quando pedido",
            Self::StoreWhole => "O armazenamento não passa na própria conferência",
            Self::AcknowledgedKept => "Uma mensagem confirmada com 200 se perdeu",
            Self::AllTakenIn => "Uma mensagem nunca foi recebida",
            Self::TakenInOnce => "Uma mensagem foi recebida mais de uma vez",
            Self::PlayedOnce => "Uma mensagem não foi tratada exatamente uma vez",
            Self::InboundInOrder => "Mensagens do paciente foram recebidas fora de ordem",
            Self::SaidOrListed => "Uma resposta se perdeu",
            Self::SaidOnce => "Uma resposta foi dita mais de uma vez",
            Self::OutboundInOrder => "Respostas chegaram fora de ordem",
            Self::NothingInvented => "Há uma mensagem que ninguém escreveu nem pediu",
            Self::BookingsAsTold => "O que o RM tem marcado não é o que o paciente ouviu",
            Self::PresenceAsTold => "O que o RM tem confirmado não é o que o paciente ouviu",
            Self::AllAnswered => "Alguém ficou sem resposta, ou sobrou trabalho",
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tallies { written, delivered, said, listed, doubled, booked, unsure, confirmed } = self.tallies;
        writeln!(
            f,
            "{} quedas por kill -9 ({} durante a recuperação da anterior), {} paradas pedidas, {} partidas sem RM nem WhatsApp; \
             {} s, semente {}",
            self.kills,
            self.kills_while_starting,
            self.stops,
            self.starts_without_world,
            self.seconds,
            self.seed
        )?;
        writeln!(
            f,
            "{written} mensagens de pacientes, entregues {delivered} vezes; {said} nossas nos telefones, {listed} não enviadas \
             que a equipe vê; {} pedidos ao RM e ao WhatsApp e webhooks",
            self.requests
        )?;
        writeln!(
            f,
            "{booked} consultas marcadas e ditas, {unsure} incertas entregues a pessoas; {confirmed} confirmações e cancelamentos"
        )?;
        let Doubts { total, resolved_by_status, sent_once_more } = self.doubts;
        writeln!(
            f,
            "{total} envios em dúvida: {resolved_by_status} resolvidos pelo status, {sent_once_more} enviados mais uma vez, \
             {doubled} vistos duas vezes no telefone"
        )?;
        let Percentiles { p50, p99, max } = self.ready_ms;
        writeln!(f, "De volta depois de uma queda: p50 {p50} ms, p99 {p99} ms, o mais lento {max} ms")?;
        let Some(first) = self.broken.first() else {
            return writeln!(f, "Nada confirmado se perdeu, nada foi feito duas vezes.");
        };
        writeln!(f, "\nPROMESSA QUEBRADA: {}.", first.promise.in_words())?;
        writeln!(f, "  {} ({} no total)", first.example, first.count)?;
        for other in &self.broken[1..] {
            writeln!(f, "Também: {} ({}): {}", other.promise.in_words(), other.count, other.example)?;
        }
        if let Some(folder) = &self.kept_in {
            writeln!(f, "Tudo ficou guardado em {}.", folder.display())?;
        }
        writeln!(f, "Para repetir: --seed {} --kills {}", self.seed, self.kills)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_of_few_and_of_many() {
        let times =
            |many: &[u64]| -> Vec<Duration> { many.iter().map(|ms| Duration::from_millis(*ms)).collect() };
        assert_eq!(Percentiles::of(&[]), Percentiles::default());
        assert_eq!(Percentiles::of(&times(&[9, 3, 7])), Percentiles { p50: 7, p99: 7, max: 9 });
        let many: Vec<u64> = (1..=200).rev().collect();
        assert_eq!(Percentiles::of(&times(&many)), Percentiles { p50: 100, p99: 198, max: 200 });
    }
}
