//! What the simulated hospital's analysts have written: flows that use every kind of wait, in two releases.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use fluxo_engine::check::Language;
use fluxo_engine::flow::Library;
use fluxo_engine::ids::{QueueId, ReleaseId};
use fluxo_engine::protocol::Project;
use jiff::Timestamp;
use serde_json::json;

use crate::conversations::{self, Surroundings};
use crate::releases::{Checked, Compiler, Disk, Finding, Release, Tested};
use crate::store::Documents;

/// What is said when it is not known whether a booking was made.
pub(super) const IN_DOUBT: &str = "Não sei se marquei";

/// The documents of the releases: they say different things and have different ways.
fn documents(release: usize) -> Documents {
    let greeting = if release == 0 { "Olá! O que você precisa?" } else { "Bem-vinda! Escolha:" };
    let silence = if release == 0 { "20m" } else { "12m" };
    let no_answer = |after: &str| json!({ "after": after, "next": "sumiu" });
    let invalid = json!({ "text": "Não entendi.", "attempts": 2, "next": "gente" });
    let entrada = json!({
        "format": 1, "flow": "entrada", "title": "Entrada", "start": "escolha",
        "triggers": [
            { "when": "default" }, { "when": "api" }, { "when": "message", "keywords": ["menu"] }
        ],
        "interrupts": [
            { "when": "keyword", "keywords": ["atendente"], "next": "gente" },
            { "when": "keyword", "keywords": ["sair"], "next": "tchau" }
        ],
        "nodes": {
            "escolha": {
                "type": "menu", "text": greeting,
                "options": [
                    { "id": "marcar", "title": "Marcar", "next": "nome" },
                    { "id": "recado", "title": "Deixar recado", "next": "recado" },
                    { "id": "depois", "title": "Mais tarde", "next": "depois" }
                ],
                "invalid": invalid, "no_answer": no_answer(silence)
            },
            "nome": {
                "type": "ask", "text": "Qual é o seu nome?", "answer": { "type": "name" }, "save": "nome",
                "invalid": invalid,
                "no_answer": { "after": "15m", "next": "sumiu", "remind": { "after": "5m", "text": "Ainda preciso do seu nome." } },
                "next": "vagas"
            },
            "vagas": {
                "type": "http", "connection": "rm", "request": { "method": "GET", "path": "/vagas" },
                "save": { "vagas": "{{ response.body.items }}" },
                "on": { "success": "hora", "failure": "fora" }
            },
            "hora": {
                "type": "menu", "text": "Qual horário, {{ nome | first_name }}?", "style": "list",
                "each": {
                    "in": "vagas", "as": "vaga", "id": "{{ vaga.id }}", "title": "{{ vaga.hour }}",
                    "save": { "hora": "{{ vaga.hour }}" }, "next": "marcar"
                },
                "invalid": invalid, "no_answer": no_answer("10m"), "on": { "empty": "fora" }
            },
            "marcar": {
                "type": "http", "connection": "rm",
                "request": { "method": "POST", "path": "/consultas", "body": { "hora": "{{ hora }}", "nome": "{{ nome }}" } },
                "save": { "codigo": "{{ response.body.code }}" },
                "on": { "success": "marcada", "409": "vagas", "unknown": "duvida", "failure": "fora" }
            },
            "marcada": { "type": "message", "text": "Marcado! Código <{{ codigo }}>.", "next": "mais" },
            "duvida": { "type": "message", "text": "Não sei se marquei. Vou conferir.", "next": "avisar" },
            "avisar": { "type": "notify", "queue": "recepcao", "text": "Conferir se marcou {{ hora }}", "next": "gente" },
            "fora": { "type": "message", "text": "O sistema está fora do ar.", "next": "gente" },
            "gente": {
                "type": "handoff", "queue": "recepcao", "text": "Vou chamar alguém.", "summary": "Precisa de ajuda",
                "accept_within": "30m",
                "on": { "returned": "mais", "finished": "fim", "nobody": "ninguem", "off_hours": "ninguem", "unavailable": "ninguem" }
            },
            "ninguem": { "type": "message", "text": "Ninguém pode agora.", "next": "chamado" },
            "chamado": {
                "type": "ticket", "desk": "console", "kind": "retorno", "summary": "Ligar de volta",
                "description": "Ninguém atendeu", "next": "fim"
            },
            "recado": {
                "type": "ask", "text": "Pode deixar o recado.", "answer": { "type": "text" }, "save": "texto",
                "collect": "3s", "invalid": invalid, "no_answer": no_answer("9m"), "next": "guardar"
            },
            "guardar": {
                "type": "http", "connection": "rm",
                "request": { "method": "POST", "path": "/recados", "body": { "texto": "{{ texto }}" } },
                "idempotency_key": "{{ conversation.id }}-{{ now }}",
                "on": { "success": "nota", "failure": "fora" }
            },
            "nota": {
                "type": "call", "flow": "pesquisa", "on": { "done": "mais", "else": "mais", "failed": "mais" }
            },
            "depois": { "type": "message", "text": "Combinado, volto já.", "next": "pausa" },
            "pausa": { "type": "wait", "for": "5m", "on": { "done": "voltei", "message": "escolha" } },
            "voltei": { "type": "message", "text": "Voltei!", "next": "silencio" },
            "silencio": { "type": "wait", "for": "40s", "on": { "done": "mais" } },
            "mais": {
                "type": "ask", "text": "Mais alguma coisa?", "answer": { "type": "yes_no" }, "save": "mais",
                "invalid": invalid, "no_answer": no_answer("8m"), "next": "decide"
            },
            "decide": { "type": "branch", "cases": [{ "if": "mais", "next": "escolha" }], "else": "tchau" },
            "sumiu": { "type": "end", "outcome": "sumiu", "text": "Encerro por aqui." },
            "tchau": { "type": "end", "outcome": "ok", "text": "Até logo!" },
            "fim": { "type": "end", "outcome": "fim" }
        }
    });
    let pesquisa = json!({
        "format": 1, "flow": "pesquisa", "title": "Pesquisa", "start": "nota", "triggers": [{ "when": "call" }],
        "nodes": {
            "nota": {
                "type": "ask", "text": "Que nota você dá, de 0 a 10?", "answer": { "type": "integer", "min": 0, "max": 10 },
                "save": "nota", "invalid": { "text": "Só um número.", "attempts": 3, "next": "fim" },
                "no_answer": { "after": "6m", "next": "fim" }, "next": "marca"
            },
            "marca": { "type": "tag", "add": ["avaliou"], "next": "fim" },
            "fim": { "type": "end", "outcome": "ok" }
        }
    });
    [("entrada.json", entrada), ("pesquisa.json", pesquisa)]
        .map(|(path, flow)| (path.to_owned(), flow.to_string()))
        .into()
}

/// A release as it lies on the analysts' disk.
pub(super) fn on_disk(release: usize) -> Disk {
    Disk { flows: documents(release), tests: Documents::new() }
}

/// What the project file says.
pub(super) static PROJECT: LazyLock<Arc<Project>> = LazyLock::new(|| {
    Arc::new(Project {
        queues: BTreeMap::from([("recepcao".into(), "console".into())]),
        desks: BTreeSet::from(["console".into()]),
        connections: BTreeSet::from(["rm".into()]),
        default_queue: Some("recepcao".into()),
        stale_tap_text: Some("Esse botão é antigo.".into()),
        ..Project::default()
    })
});

/// Both releases, read once: they are data, and reading them costs more than a whole history.
static RELEASES: LazyLock<Vec<(Documents, Arc<dyn Release>)>> = LazyLock::new(|| {
    let checked = Checked { project: Project::clone(&PROJECT), language: Language::English };
    let read = |release| {
        let documents = documents(release);
        let compiled = checked.check(&documents).unwrap_or_else(|found| panic!("{found:?}"));
        (documents, compiled)
    };
    vec![read(0), read(1)]
});

/// A release by its name.
pub(super) fn release(id: &ReleaseId) -> Option<Arc<dyn Release>> {
    RELEASES.iter().map(|(_, release)| release).find(|release| release.id() == id).cloned()
}

/// Gives the releases for their documents.
#[derive(Debug)]
pub(super) struct Read;

impl Compiler for Read {
    fn check(&self, documents: &Documents) -> Result<Arc<dyn Release>, Vec<Finding>> {
        self.read(documents).map_err(|reason| vec![Finding::plain(reason)])
    }

    fn read(&self, documents: &Documents) -> Result<Arc<dyn Release>, String> {
        let known = RELEASES.iter().find(|(of, _)| of == documents);
        known.map(|(_, release)| Arc::clone(release)).ok_or_else(|| "not a release of ours".to_owned())
    }

    fn test(&self, _: &Library, _: &Documents) -> Tested {
        Tested::default()
    }
}

/// The project as conversations see it.
#[derive(Debug)]
pub(super) struct Here;

impl Surroundings for Here {
    fn project(&self) -> Arc<Project> {
        Arc::clone(&PROJECT)
    }

    fn open_queues(&self, _now: Timestamp) -> BTreeSet<QueueId> {
        PROJECT.queues.keys().cloned().collect()
    }

    fn queue_title(&self, queue: &QueueId) -> String {
        queue.to_string()
    }

    fn language(&self) -> conversations::Language {
        conversations::Language::English
    }
}
