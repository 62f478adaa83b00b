//! `fluxo chat`: talks to a flow in the terminal. Its calls go to the sandbox, to a base address, or to simulated
//! answers; nothing is kept and no patient is written to.

use std::io::{BufRead, IsTerminal, Write};
use std::path::PathBuf;

use anyhow::Context;
use fluxo_engine::ids::{EffectId, FlowId};
use fluxo_engine::protocol::{
    Choice, Contact, DeskEvent, Event, HttpOutcome, HttpRequest, Message, Object, Origin,
};
use fluxo_engine::test::{Document, Mocks, Outside, Player, Said};
use jiff::Timestamp;

use super::documents::unreadable;
use super::project::Project;
use super::{Exit, terminal};
use crate::connections::Connections;
use crate::foundation::config::{Environment, Overrides};
use crate::foundation::http::HttpClient;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// O fluxo: o nome (agendamento) ou o arquivo
    #[arg(value_name = "FLUXO")]
    flow: String,
    /// A pasta do projeto
    #[arg(long, value_name = "PASTA", default_value = "flows")]
    project: PathBuf,
    /// Para onde vão as chamadas; sem isto, para um RM simulado que sobe junto
    #[arg(long, value_name = "URL", conflicts_with = "mocks")]
    base_url: Option<String>,
    /// Responde às chamadas com as respostas simuladas de um arquivo de teste
    #[arg(long, value_name = "ARQUIVO")]
    mocks: Option<PathBuf>,
    /// Entradas do fluxo, como JSON: '{"data": "2026-03-13"}'
    #[arg(long, value_name = "JSON", default_value = "{}")]
    inputs: String,
    /// O telefone de quem conversa
    #[arg(long, value_name = "NÚMERO", default_value = "+5511987654321")]
    phone: String,
    /// O nome de quem conversa
    #[arg(long, value_name = "NOME")]
    name: Option<String>,
}

const HELP: &str = "\
  texto        o que o paciente escreve (o número de uma opção também vale)
  /toque X     toca na opção X, pelo título
  /depois 30m  deixa o tempo passar
  /vars        mostra as variáveis do fluxo
  /devolver    o atendente devolve ao fluxo     /encerrar   o atendente encerra
  /sair        sai";

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let project = Project::open_for(&arguments.flow, &arguments.project)?;
    let checked = project.check();
    let (Some(flow), Some(library)) = (checked.flow(&arguments.flow)?, checked.library()) else {
        checked.complain();
        return Ok(Exit::Findings);
    };
    let inputs: Object = match serde_json::from_str(&arguments.inputs) {
        Ok(inputs) => inputs,
        Err(error) => {
            terminal::complain(&format!("--inputs não é um objeto JSON: {error}"));
            return Ok(Exit::Usage);
        }
    };
    let runtime = super::runtime()?;
    let mut outside = outside(arguments, &project, &runtime)?;
    let mut contact = Contact::new("terminal".into());
    contact.phone = Some(arguments.phone.clone());
    contact.name.clone_from(&arguments.name);
    let mut player = Player::with(library, project.play(), contact, Timestamp::now());
    let mut screen = Screen { palette: terminal::palette(), trail: 0 };

    player.start(&flow.id, Origin::Api, None, inputs, &mut *outside)?;
    screen.show(&player);
    let mut lines = Lines::open();
    while player.is_open() {
        let Some(line) = lines.next(&player)? else { break };
        player.set_now(Timestamp::now());
        let now = player.now();
        let (command, rest) = line.split_once(' ').unwrap_or((&line, ""));
        let played = match command {
            "" => continue,
            "/sair" => break,
            "/ajuda" => {
                println!("{HELP}");
                continue;
            }
            "/vars" => {
                let variables = player.session().and_then(|session| session.variables()).cloned();
                println!("{}", serde_json::to_string_pretty(&variables.unwrap_or_default())?);
                continue;
            }
            "/toque" => player.choose(rest, &mut *outside).map_err(|failure| failure.message_pt),
            "/depois" => match rest.parse::<fluxo_engine::nodes::Duration>() {
                Ok(length) => {
                    player.after(length.as_millis(), &mut *outside).map_err(|error| error.to_string())
                }
                Err(error) => Err(error.to_string()),
            },
            "/devolver" => player
                .desk(DeskEvent::Returned { outcome: None, note: None }, &mut *outside)
                .map_err(|failure| failure.message_pt),
            "/encerrar" => player
                .desk(DeskEvent::Finished { outcome: None, note: None }, &mut *outside)
                .map_err(|failure| failure.message_pt),
            unknown if unknown.starts_with('/') => {
                println!("não conheço {unknown}\n{HELP}");
                continue;
            }
            _ => player
                .fire_until(now, &mut *outside)
                .and_then(|()| player.say(&line, &mut *outside))
                .map_err(|error| error.to_string()),
        };
        if let Err(error) = played {
            terminal::complain(&error);
        }
        screen.show(&player);
    }
    Ok(Exit::Clean)
}

/// Who answers the flow's calls.
fn outside(
    arguments: &Arguments,
    project: &Project,
    runtime: &tokio::runtime::Runtime,
) -> anyhow::Result<Box<dyn Outside>> {
    if let Some(file) = &arguments.mocks {
        let text = std::fs::read_to_string(file).map_err(|error| unreadable(file, &error))?;
        let document = serde_json::from_str(&text)
            .and_then(Document::from_value)
            .with_context(|| format!("{} não é um arquivo de teste", file.display()))?;
        // What holds for the whole file first; its cases answer what it leaves open.
        let mocks = Mocks::new(document.http.iter().chain(document.cases.iter().flat_map(|case| &case.http)));
        return Ok(Box::new(mocks));
    }
    let (sandbox, base) = match &arguments.base_url {
        Some(base) => (None, base.clone()),
        None => {
            let sandbox = runtime.block_on(fluxo_sandbox::start(fluxo_sandbox::Options::default()))?;
            let base = sandbox.rm_url();
            (Some(sandbox), base)
        }
    };
    let environment = match &sandbox {
        Some(_) => super::sandbox::environment(&fluxo_sandbox::Options::default()),
        None => Environment::of_process(),
    };
    let at =
        |overrides: Overrides, name: &String| overrides.set(&format!("connections.{name}.base_url"), &base);
    let overrides = project.connections().iter().fold(Overrides::none(), at);
    let config = project.config_with(overrides, environment)?;
    let connections = Connections::new(&config, HttpClient::new(std::time::Duration::from_secs(5))?)?;
    Ok(Box::new(Live { runtime: runtime.handle().clone(), connections, calls: 0, _sandbox: sandbox }))
}

/// Real calls, one at a time.
struct Live {
    runtime: tokio::runtime::Handle,
    connections: Connections,
    calls: u32,
    _sandbox: Option<fluxo_sandbox::Sandbox>,
}

impl Outside for Live {
    fn call(&mut self, request: &HttpRequest) -> Result<HttpOutcome, String> {
        self.calls += 1;
        let key = EffectId { epoch: 0, session: "terminal".into(), turn: self.calls, n: 0 };
        Ok(self.runtime.block_on(self.connections.call(request, &key)))
    }
}

/// What has been shown.
struct Screen {
    palette: terminal::Palette,
    trail: usize,
}

impl Screen {
    fn show(&mut self, player: &Player<'_>) {
        let colour = self.palette;
        for event in &player.events()[self.trail..] {
            match event {
                Event::NodeEntered { flow, node, .. } => {
                    println!("{}  · {flow}.{node}{}", colour.dim, colour.off);
                }
                Event::Trouble(trouble) => println!(
                    "{}  ! {} em {}.{}: {}{}",
                    colour.bad,
                    trouble.code.as_str(),
                    trouble.flow,
                    trouble.node,
                    trouble.detail,
                    colour.off
                ),
                Event::SessionEnded { outcome } => {
                    println!("{}  · fim: {outcome}{}", colour.dim, colour.off);
                }
                Event::SessionStarted { .. }
                | Event::PortTaken { .. }
                | Event::WaitBegan { .. }
                | Event::Answered { .. }
                | Event::AnswerInvalid { .. }
                | Event::NotPlayed { .. }
                | Event::Interrupted { .. }
                | Event::FlowEntered { .. }
                | Event::FlowEnded { .. }
                | Event::WentTo { .. }
                | Event::ResultTooLate { .. } => {}
            }
        }
        self.trail = player.events().len();
        for Said { message, .. } in player.said() {
            self.bubble(message);
        }
        for handoff in player.handoffs() {
            println!("{}  ☎ com a fila {}: {}{}", colour.warn, handoff.queue, handoff.summary, colour.off);
        }
    }

    fn bubble(&self, message: &Message) {
        let colour = self.palette;
        let (text, choices): (String, &[Choice]) = match message {
            Message::Buttons { text, buttons } => (text.clone(), buttons),
            Message::List { text, rows, .. } => (text.clone(), rows),
            Message::Text { text } => (text.clone(), &[]),
            Message::Media { .. }
            | Message::Location { .. }
            | Message::Link { .. }
            | Message::Template { .. }
            | Message::LocationRequest { .. }
            | Message::PhoneRequest { .. } => {
                let said = Said {
                    effect: EffectId { epoch: 0, session: "terminal".into(), turn: 0, n: 0 },
                    message: message.clone(),
                };
                (said.in_words(), &[])
            }
        };
        for line in text.lines() {
            println!("{}┃{} {line}", colour.good, colour.off);
        }
        for (n, choice) in choices.iter().enumerate() {
            let description =
                choice.description.as_deref().map(|text| format!("  {text}")).unwrap_or_default();
            println!(
                "{}┃{}   {}{}{} {}{}{description}{}",
                colour.good,
                colour.off,
                colour.strong,
                n + 1,
                colour.off,
                choice.title,
                colour.dim,
                colour.off
            );
        }
    }
}

/// Where what the patient says comes from: a line editor on a terminal, plain lines otherwise.
enum Lines {
    Terminal(Box<rustyline::DefaultEditor>),
    Plain(std::io::Lines<std::io::StdinLock<'static>>),
}

impl Lines {
    fn open() -> Self {
        if std::io::stdin().is_terminal()
            && let Ok(editor) = rustyline::DefaultEditor::new()
        {
            terminal::tell("/ajuda mostra os comandos; Ctrl-D sai");
            return Self::Terminal(Box::new(editor));
        }
        Self::Plain(std::io::stdin().lock().lines())
    }

    fn next(&mut self, player: &Player<'_>) -> anyhow::Result<Option<String>> {
        let place = player.session().and_then(|session| session.place().pop());
        let prompt =
            place.map_or_else(|| "> ".to_owned(), |(flow, node): (FlowId, _)| format!("{flow}.{node} > "));
        match self {
            Self::Terminal(editor) => match editor.readline(&prompt) {
                Ok(line) => {
                    // Only a convenience: a line that cannot be remembered is still said.
                    let _ = editor.add_history_entry(&line);
                    Ok(Some(line.trim().to_owned()))
                }
                Err(rustyline::error::ReadlineError::Eof | rustyline::error::ReadlineError::Interrupted) => {
                    Ok(None)
                }
                Err(error) => Err(error.into()),
            },
            Self::Plain(lines) => {
                let Some(line) = lines.next().transpose()? else { return Ok(None) };
                println!("{prompt}{line}");
                std::io::stdout().flush()?;
                Ok(Some(line.trim().to_owned()))
            }
        }
    }
}
