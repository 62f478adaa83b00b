//! What RM holds is what patients were told.

use std::collections::{BTreeMap, BTreeSet};

use super::{Evidence, Findings, Promise, Tallies};

pub(super) fn compare(evidence: &Evidence, findings: &mut Findings, tallies: &mut Tallies) {
    let told = super::told(evidence);
    let nothing = BTreeSet::new();
    let held = |code: &str| {
        let live = evidence.appointments.iter().filter(|one| one.state != "cancelled");
        live.filter(|one| one.name == code).count()
    };
    for code in &evidence.deeds.bookings {
        let told = told.get(code.as_str()).unwrap_or(&nothing);
        let (held, asked) = (held(code), evidence.ledger.bookings.get(code).copied().unwrap_or_default());
        let says = |what: &str| told.contains(what);
        let mut broken = |what: String| findings.add(Promise::BookingsAsTold, format!("{code}: {what}"));
        if asked > 1 {
            broken(format!("o pedido de marcação foi feito {asked} vezes ao RM"));
        }
        let ends = ["Marcada", "Ocupada", "Não marcada", "Desistiu", "Não sei se ficou marcada"];
        let heard: Vec<&str> = ends.into_iter().filter(|end| says(end)).collect();
        match heard[..] {
            ["Marcada"] if held == 1 => tallies.booked += 1,
            ["Não sei se ficou marcada"] if held <= 1 => tallies.unsure += 1,
            ["Ocupada" | "Não marcada" | "Desistiu"] if held == 0 => {}
            // Whoever was told nothing is among those who were not answered.
            [] => {}
            _ => broken(format!("o paciente ouviu \"{}\" e o RM tem {held}", heard.join("\" e \""))),
        }
    }
    presences(evidence, &told, findings, tallies);
}

/// The last word about each appointment is its state.
fn presences(
    evidence: &Evidence,
    told: &BTreeMap<&str, BTreeSet<&str>>,
    findings: &mut Findings,
    tallies: &mut Tallies,
) {
    let mut last: BTreeMap<&str, (&str, Option<&str>)> = BTreeMap::new();
    for (code, appointment) in &evidence.deeds.presences {
        let ends = ["Confirmada", "Cancelada", "Não gravei"];
        let told = told.get(code.as_str());
        let heard: Vec<&str> =
            ends.into_iter().filter(|end| told.is_some_and(|told| told.contains(end))).collect();
        if heard.len() > 1 {
            findings.add(
                Promise::PresenceAsTold,
                format!("{code}: o paciente ouviu \"{}\"", heard.join("\" e \"")),
            );
        }
        tallies.confirmed += usize::from(heard.first().is_some_and(|heard| *heard != "Não gravei"));
        last.insert(appointment, (code, heard.first().copied()));
    }
    for (appointment, (code, heard)) in last {
        let state = evidence.appointments.iter().find(|one| one.id == appointment);
        let state = state.map_or("absent", |one| one.state.as_str());
        let fits = match heard {
            Some("Confirmada") => state == "confirmed",
            Some("Cancelada") => state == "cancelled",
            // People were told that it is not known, or nothing was told.
            Some(_) | None => true,
        };
        if !fits {
            let heard = heard.unwrap_or_default();
            findings.add(
                Promise::PresenceAsTold,
                format!("{code}: o paciente ouviu \"{heard}\" e no RM a consulta está {state}"),
            );
        }
    }
}
